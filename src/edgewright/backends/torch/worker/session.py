"""The original model in PyTorch, at its own precision where this processor computes in it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgewright.core.measurement import Placement
from edgewright.core.recipe import Option

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class TorchSession:
    """See `edgewright.ports.Session`."""

    def __init__(self, path: Path, runtime: Mapping[str, Option]) -> None:
        import torch
        import transformers

        self._torch = torch
        torch.set_num_threads(int(runtime.get("threads", os.environ.get("OMP_NUM_THREADS", "1"))))
        self._stored = str(transformers.AutoConfig.from_pretrained(path).dtype or torch.float32).split(".")[
            -1
        ]
        self._dtype = _computable(torch, self._stored)
        self._model: Any = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=self._dtype).eval()

    @property
    def placement(self) -> Placement:
        """Precision and threads as PyTorch reports them."""
        precision = str(self._dtype).split(".")[-1]
        proof = {
            "stored_dtype": self._stored,
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


def _computable(torch: Any, stored: str) -> Any:
    """The stored dtype if this processor multiplies in it, else float32 (emulated halves would be no fair baseline)."""
    if stored == "bfloat16" and torch.ops.mkldnn._is_mkldnn_bf16_supported():  # noqa: SLF001  # no public name
        return torch.bfloat16
    if stored == "float16" and torch.ops.mkldnn._is_mkldnn_fp16_supported():  # noqa: SLF001  # no public name
        return torch.float16
    return torch.float32
