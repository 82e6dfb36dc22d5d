"""A model in MLX: scoring and greedy generation with mlx-lm's own modules and cache.

MLX is lazy: nothing is computed before `mx.eval`, so whatever leaves this module was evaluated first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgewright.backends.mlx.worker.loading import cast, float_type, load, on_cpu
from edgewright.backends.options import COUNT, Kind, check_options
from edgewright.backends.pieces import rows_at_once
from edgewright.core.measurement.records import Placement
from edgewright.core.recipe.recipes import Option

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_OPTIONS: dict[str, Kind] = {"threads": COUNT}
_PREFILL = 2048
"""Prompt tokens per step, as in mlx_lm.generate."""
_LARGEST_VOCABULARY = 2**18


class MlxSession:
    """A model in memory; see `edgewright.ports.Session`. ``threads`` is accepted and has no effect."""

    def __init__(self, artifact: Path, runtime: Mapping[str, Option]) -> None:
        import mlx.core as mx

        check_options("MLX", runtime, _OPTIONS)
        model, self._config = load(artifact)
        self.model: Any = model
        self.vocabulary = _vocabulary(self._config)
        if on_cpu():
            cast(model, "float32")
        mx.eval(model.parameters())

    @property
    def placement(self) -> Placement:
        """The default device, and the precisions that the model's parameters have in memory."""
        import mlx.core as mx

        computed = "float32" if on_cpu() else float_type(self.model)
        return Placement(
            device=str(mx.default_device()),
            weights=_weights(self._config, computed),
            activations=computed,
            kv_cache=computed,
            threads=1,
            proof={
                "default_device": str(mx.default_device()),
                "metal_available": str(mx.metal.is_available()),
                "evaluation": "every id is evaluated before it is returned",
                "threads": "MLX runs a stream on one host thread; the option threads has no effect",
                **{f"device_{key}": str(value) for key, value in _device_info().items()},
            },
        )

    def score(self, ids: Sequence[int]) -> Iterator[NDArray[np.float32]]:
        """Raw logits at every position, from an empty cache; a window that is one piece needs none."""
        import mlx.core as mx
        import numpy as np

        rows = rows_at_once(self.vocabulary)
        cache = self._cache() if len(ids) > rows else None
        for start in range(0, len(ids), rows):
            piece = mx.array(list(ids[start : start + rows]))[None]
            logits = self.model(piece, cache=cache)[0].astype(mx.float32)
            mx.eval(logits)
            yield np.array(logits, copy=False)

    def generate(self, ids: Sequence[int], tokens: int) -> Iterator[int]:
        """Greedy; while a token is handed out, the next one is already being computed (as mlx_lm.generate does)."""
        for (token,) in self.generate_batch([ids], tokens):
            yield token

    def generate_batch(self, prompts: Sequence[Sequence[int]], tokens: int) -> Iterator[tuple[int, ...]]:
        """As `generate`, the prompts in the batch dimension of the model and its cache."""
        import mlx.core as mx

        if not tokens:
            return
        cache = self.prefill([ids[:-1] for ids in prompts])
        current = self.step(mx.array([ids[-1] for ids in prompts]), cache)
        mx.async_eval(current)
        for remaining in range(tokens - 1, -1, -1):
            following = self.step(current, cache) if remaining else None
            if following is not None:
                mx.async_eval(following)
            yield tuple(current.tolist())
            current = following

    def prefill(self, prompts: Sequence[Sequence[int]]) -> Any:
        """A cache that holds the prompts, computed."""
        import mlx.core as mx

        cache = self._cache()
        for start in range(0, len(prompts[0]), _PREFILL):
            # The logits stay unevaluated, so the output layer costs nothing here.
            self.model(mx.array([list(ids[start : start + _PREFILL]) for ids in prompts]), cache=cache)
            mx.eval([layer.state for layer in cache])
        return cache

    def step(self, tokens: Any, cache: Any) -> Any:
        """The most likely ids after ``tokens``, one a prompt; not computed yet."""
        return self.model(tokens[:, None], cache=cache)[:, -1].argmax(axis=-1)

    def close(self) -> None:
        """Drop the model and give its memory back."""
        import mlx.core as mx

        self.model = None
        mx.clear_cache()

    def _cache(self) -> Any:
        from mlx_lm.models.cache import make_prompt_cache

        return make_prompt_cache(self.model)


def _vocabulary(config: Mapping[str, Any]) -> int:
    """Models with more than text have their language model's settings apart; without any, as large as they get."""
    text = config.get("text_config") or {}
    return int(config.get("vocab_size") or text.get("vocab_size") or _LARGEST_VOCABULARY)


def _weights(config: Mapping[str, Any], computed: str) -> str:
    settings = config.get("quantization")
    if not settings:
        stored = config.get("dtype") or config.get("torch_dtype") or computed
        return computed if stored == computed else f"{stored}, widened to {computed} in memory"
    # Other tools quantize layers differently: their own settings stand under their names.
    others = {
        str(layer["bits"]) for layer in settings.values() if isinstance(layer, dict) and "bits" in layer
    }
    mixed = f" (some layers {', '.join(sorted(others))})" if others - {str(settings["bits"])} else ""
    return f"int{settings['bits']}{mixed} in groups of {settings['group_size']}, scales {computed}"


def _device_info() -> dict[str, Any]:
    import mlx.core as mx

    wanted = ("device_name", "architecture", "memory_size")
    return {key: value for key, value in mx.device_info().items() if key in wanted}
