"""The original model in PyTorch, at its own precision where this processor computes in it.

So it is timed. What conversions are compared with is scored in float32 (the runtime option ``dtype``): in bfloat16, the
rounding of the original itself would be larger than what a faithful conversion may differ by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgewright.backends.threads import thread_count
from edgewright.core.measurement import Placement
from edgewright.core.recipe import Option
from edgewright.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_DTYPES = ("float32", "bfloat16", "float16")
_PROBES = {"bfloat16": "_is_mkldnn_bf16_supported", "float16": "_is_mkldnn_fp16_supported"}
"""What oneDNN answers for; a build of PyTorch without oneDNN (macOS) has neither."""


class TorchSession:
    """See `edgewright.ports.Session`. Runtime options: ``threads``, and ``dtype``, which overrides the model's own."""

    def __init__(self, path: Path, runtime: Mapping[str, Option]) -> None:
        import torch
        import transformers

        unknown = set(runtime) - {"threads", "dtype"}
        asked = str(runtime.get("dtype", ""))
        if unknown or asked not in {"", *_DTYPES}:
            what = f"runtime option {', '.join(sorted(unknown))}" if unknown else f"dtype {asked}"
            raise UsageError(
                f"PyTorch has no {what} here.", hint=f"There are threads and dtype: {', '.join(_DTYPES)}."
            )
        self._torch, self._asked = torch, asked
        torch.set_num_threads(thread_count(runtime))
        stored = transformers.AutoConfig.from_pretrained(path).dtype or torch.float32
        self._stored = str(stored).removeprefix("torch.")
        self._own = _computable(torch, self._stored)
        self._dtype = getattr(torch, asked or self._own)
        self._model: Any = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=self._dtype).eval()

    @property
    def placement(self) -> Placement:
        """Precision and threads as PyTorch reports them."""
        precision = str(self._dtype).split(".")[-1]
        proof = {
            "stored_dtype": self._stored,
            "native_dtype": self._own,
            "dtype": f"{precision}, {'asked for' if self._asked else 'as this processor computes it'}",
            "cpu_capability": self._torch.backends.cpu.get_cpu_capability(),
            "attention": str(self._model.config._attn_implementation),  # noqa: SLF001  # no public name
        }
        return Placement(
            device=str(self._model.device),
            weights=precision,
            activations=precision,
            kv_cache=precision,
            threads=self._torch.get_num_threads(),
            proof=proof,
        )

    def score(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Logits after every position, float32."""
        with self._torch.inference_mode():
            out = self._model(self._torch.tensor([list(ids)]), use_cache=False)
        logits: NDArray[np.float32] = out.logits[0].float().numpy()
        return logits

    def generate(self, ids: Sequence[int], tokens: int) -> Iterator[int]:
        """Greedy continuation with the model's own KV cache."""
        step = self._torch.tensor([list(ids)])
        past: Any = None
        for _ in range(tokens):
            with self._torch.inference_mode():
                out = self._model(step, past_key_values=past, use_cache=True, logits_to_keep=1)
            past = out.past_key_values
            step = out.logits[:, -1].argmax(dim=-1, keepdim=True)
            yield int(step)

    def close(self) -> None:
        """Drop the model."""
        self._model = None


def _computable(torch: Any, stored: str) -> str:
    """The stored dtype if this processor multiplies in it, else float32 (emulated halves would be no fair baseline)."""
    probe = _PROBES.get(stored, "")
    known = bool(probe) and hasattr(torch.ops.mkldnn, probe)
    return stored if known and getattr(torch.ops.mkldnn, probe)() else "float32"
