"""The original model in PyTorch, at its own precision where this processor computes in it.

So it is timed. What conversions are compared with is scored in float32 (the runtime option ``dtype``): in bfloat16, the
rounding of the original itself would be larger than what a faithful conversion may differ by.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgewright.backends.options import COUNT, Kind, check_options
from edgewright.backends.pieces import rows_at_once
from edgewright.backends.threads import thread_count
from edgewright.backends.torch.worker.tracing import trace
from edgewright.core.measurement.records import Placement
from edgewright.core.recipe.recipes import Option
from edgewright.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_OPTIONS: dict[str, Kind] = {
    "threads": COUNT,
    "dtype": ("float32", "bfloat16", "float16"),
    "device": ("cpu", "cuda"),
}
_PROBES = {"bfloat16": "_is_mkldnn_bf16_supported", "float16": "_is_mkldnn_fp16_supported"}
"""What oneDNN answers for; a build of PyTorch without oneDNN (macOS) has neither."""
_CACHES = ("past_key_values", "cache_params")
"""What models call that which they keep of earlier tokens: keys and values, or a state."""


class TorchSession:
    """See `edgewright.ports.Session`.

    Runtime options: ``threads``; ``dtype``, which overrides the model's own; ``device``, the processor unless it is
    ``cuda``.
    """

    def __init__(self, path: Path, runtime: Mapping[str, Option]) -> None:
        import torch
        import transformers

        check_options("PyTorch", runtime, _OPTIONS)
        asked, device = str(runtime.get("dtype", "")), str(runtime.get("device", "cpu"))
        if device == "cuda" and not torch.cuda.is_available():
            raise UsageError(
                "PyTorch finds no GPU.",
                hint="Remove the runtime option device to run on the processor.",
            )
        self._torch, self._asked = torch, asked
        torch.set_num_threads(thread_count(runtime))
        stored = transformers.AutoConfig.from_pretrained(path).dtype or torch.float32
        self._stored = str(stored).removeprefix("torch.")
        self._own = _computable(torch, self._stored, device)
        self._dtype = getattr(torch, asked or self._own)
        model: Any = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=self._dtype)
        self._model = model.eval().to(device)
        takes = inspect.signature(model.forward).parameters
        self._cache = next(name for name in _CACHES if name in takes)

    @property
    def placement(self) -> Placement:
        """Device, precision and threads as PyTorch reports them."""
        precision = str(self._dtype).split(".")[-1]
        device = self._model.device
        proof = {
            "device": str(device),
            "stored_dtype": self._stored,
            "native_dtype": self._own,
            "dtype": f"{precision}, {'requested' if self._asked else f'as this {self._kind} computes it'}",
            "cpu_capability": self._torch.backends.cpu.get_cpu_capability(),
            "attention": str(self._model.config._attn_implementation),  # noqa: SLF001  # no public name
        }
        if device.type == "cuda":
            proof |= _gpu_proof(self._torch, self._model)
        return Placement(
            device=proof.get("gpu", str(device)),
            weights=precision,
            activations=precision,
            kv_cache=precision,
            threads=self._torch.get_num_threads(),
            proof=proof,
        )

    def score(self, ids: Sequence[int]) -> Iterator[NDArray[np.float32]]:
        """Logits after every position, float32; a window that is one piece needs no cache.

        Where the rope's factors depend on the length, a window is one piece: keys that were cached while it was short would
        have been turned otherwise.
        """
        config = self._model.config.get_text_config()
        whole_only = _turns_by_length(config) or self._cache != _CACHES[0]  # a state goes on by single tokens
        rows = len(ids) if whole_only else rows_at_once(config.vocab_size)
        whole = self._tensor([ids])
        past: Any = None
        for start in range(0, len(ids), rows):
            with self._torch.inference_mode():
                out = self._model(
                    whole[:, start : start + rows], **{self._cache: past}, use_cache=len(ids) > rows
                )
            past = getattr(out, self._cache)
            yield out.logits[0].float().cpu().numpy()

    def generate(self, ids: Sequence[int], tokens: int) -> Iterator[int]:
        """Greedy continuation with the model's own KV cache."""
        for (token,) in self.generate_batch([ids], tokens):
            yield token

    def generate_batch(self, prompts: Sequence[Sequence[int]], tokens: int) -> Iterator[tuple[int, ...]]:
        """Greedy continuation of equally long prompts; reading ids out waits for whatever computes them."""
        step = self._tensor(prompts)
        past: Any = None
        for _ in range(tokens):
            with self._torch.inference_mode():
                out = self._model(step, **{self._cache: past}, use_cache=True, logits_to_keep=1)
            past = getattr(out, self._cache)
            step = out.logits[:, -1].argmax(dim=-1, keepdim=True)
            yield tuple(step[:, 0].tolist())

    def trace(self, ids: Sequence[int]) -> dict[int, Any]:
        """What comes out of each layer."""
        return trace(self._model, self._tensor([ids]), ids)

    def close(self) -> None:
        """Drop the model."""
        self._model = None

    @property
    def _kind(self) -> str:
        return "GPU" if self._model.device.type == "cuda" else "processor"

    def _tensor(self, rows: Sequence[Sequence[int]]) -> Any:
        return self._torch.tensor([list(row) for row in rows], device=self._model.device)


def _turns_by_length(config: Any) -> bool:
    rope = getattr(config, "rope_parameters", None) or {}
    return rope.get("rope_type") in {"longrope", "dynamic"}


def _computable(torch: Any, stored: str, device: str) -> str:
    """The stored dtype if this device multiplies in it, else float32 (emulated halves would be no fair baseline)."""
    if device == "cuda":
        halves = {"float16": True, "bfloat16": torch.cuda.is_bf16_supported(including_emulation=False)}
        return stored if halves.get(stored) else "float32"
    probe = _PROBES.get(stored, "")
    known = bool(probe) and hasattr(torch.ops.mkldnn, probe)
    return stored if known and getattr(torch.ops.mkldnn, probe)() else "float32"


def _gpu_proof(torch: Any, model: Any) -> dict[str, str]:
    """The GPU's name, where every parameter lies, and whether float32 products are shortened to TF32."""
    index = model.device.index or 0
    places = sorted({str(parameter.device) for parameter in model.parameters()})
    return {
        "gpu": torch.cuda.get_device_name(index),
        "compute_capability": ".".join(map(str, torch.cuda.get_device_capability(index))),
        "parameters_on": ", ".join(places),
        "tf32": str(torch.backends.cuda.matmul.allow_tf32),
    }
