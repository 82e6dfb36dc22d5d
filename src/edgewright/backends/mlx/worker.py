"""MLX's child half: converts with mlx-lm's own functions, scores and generates with its models.

MLX is lazy: nothing is computed before `mx.eval`, so whatever leaves this module was evaluated first.
Artifacts hold float16 (the precision of the Metal kernels). The CPU build has no float16 arithmetic worth the
name (quantized products run 40 times slower than in float32), so on a CPU the unpacked weights and the scales are
widened to float32 on loading: exact, and the placement says so.
"""

from __future__ import annotations

import json
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgewright.core.jobs import BuildJob, BuildResult, Progress, SmokeResult
from edgewright.core.measurement import Placement
from edgewright.errors import InputError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from edgewright.core.recipe import Option
    from edgewright.ports import Tell

_PREFILL = 2048
"""Prompt tokens per step, as in mlx_lm.generate."""
_CARRIED = (
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.*",
    "merges.txt",
    "chat_template*",
    "generation_config.json",
)
"""Files that mlx-lm reads beside weights and configuration: carried over byte for byte, so that ids stay the same."""


class MlxSession:
    """A model in memory; see `edgewright.ports.Session`."""

    def __init__(self, artifact: Path) -> None:
        import mlx.core as mx

        model, self._config = _load(artifact)
        self._model: Any = model
        if _on_cpu():
            _cast(model, "float32")
        mx.eval(model.parameters())

    @property
    def placement(self) -> Placement:
        import mlx.core as mx

        computed = "float32" if _on_cpu() else _float_type(self._model)
        return Placement(
            device=str(mx.default_device()),
            weights=_weights(self._config, computed),
            activations=computed,
            kv_cache=computed,
            threads=1,
            proof={
                "default_device": str(mx.default_device()),
                "metal_available": str(mx.metal.is_available()),
                "threads": "MLX runs a stream on one host thread; the option threads has no effect",
                **{f"device_{key}": str(value) for key, value in _device_info().items()},
            },
        )

    def score(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Raw logits at every position, from an empty cache; shape [len(ids), vocabulary]."""
        import mlx.core as mx
        import numpy as np

        logits = self._model(mx.array(list(ids))[None])[0].astype(mx.float32)
        mx.eval(logits)
        return np.array(logits, copy=False)

    def generate(self, ids: Sequence[int], tokens: int) -> Iterator[int]:
        """Greedy; while a token is handed out, the next one is already being computed (as mlx_lm.generate does)."""
        import mlx.core as mx

        if not tokens:
            return
        cache = self._prefill(ids[:-1])
        current = self._step(mx.array(list(ids[-1:])), cache)
        mx.async_eval(current)
        for remaining in range(tokens - 1, -1, -1):
            following = self._step(current, cache) if remaining else None
            if following is not None:
                mx.async_eval(following)
            yield int(current.item())
            current = following

    def _prefill(self, ids: Sequence[int]) -> Any:
        import mlx.core as mx
        from mlx_lm.models.cache import make_prompt_cache

        cache = make_prompt_cache(self._model)
        for start in range(0, len(ids), _PREFILL):
            # The logits stay unevaluated, so the output layer costs nothing here.
            self._model(mx.array(list(ids[start : start + _PREFILL]))[None], cache=cache)
            mx.eval([layer.state for layer in cache])
        return cache

    def _step(self, token: Any, cache: Any) -> Any:
        return self._model(token[None], cache=cache)[:, -1].argmax(axis=-1)

    def close(self) -> None:
        import mlx.core as mx

        self._model = None
        mx.clear_cache()


class MlxWorker:
    """See `edgewright.ports.Worker`."""

    def smoke(self, scratch: Path) -> SmokeResult:
        """A quantized product through a file, held against the same product in floating point."""
        import mlx.core as mx
        import mlx_lm.utils  # noqa: F401  # the import is what is tried

        mx.random.seed(0)
        inputs, weights = mx.random.normal((4, 64)), mx.random.normal((32, 64))
        scratch.mkdir(parents=True, exist_ok=True)
        path = str(scratch / "smoke.safetensors")
        mx.save_safetensors(path, dict(zip(("w", "s", "b"), mx.quantize(weights, 64, 8), strict=True)))
        read: Any = mx.load(path)
        packed = (read["w"], read["s"], read["b"])
        product = mx.quantized_matmul(inputs, *packed, transpose=True, group_size=64, bits=8)
        difference = mx.abs(product - inputs @ weights.T).max().item()
        if not difference < 0.5:
            raise ArithmeticError(f"MLX's quantized product is off by {difference} on {mx.default_device()}.")
        return SmokeResult(versions=_versions(), devices=(str(mx.default_device()),))

    def build(self, job: BuildJob, tell: Tell) -> BuildResult:
        """The steps of ``mlx_lm.convert``, on a local directory and without its model card.

        Raises:
            InputError: the source cannot be read.
            UnsupportedError: mlx-lm lacks the architecture, or weights leave the range of float16.
        """
        from mlx_lm.utils import quantize_model, save_config, save_model

        source, out, options = Path(job.source), Path(job.out), job.recipe.build
        tell(Progress(message="reading the source"))
        _demand_tokenizer(source)
        model, config = _load(source)
        _cast(model, str(options["dtype"]))
        _demand_finite(model, str(options["dtype"]))
        notes: tuple[str, ...] = ()
        if "bits" in options:
            tell(Progress(message=f"quantizing to {options['bits']} bits"))
            model, config = quantize_model(model, config, int(options["group_size"]), int(options["bits"]))
            notes = _left_out(model)
        else:
            config["dtype"] = str(options["dtype"])
        tell(Progress(message="writing the artifact"))
        save_model(out, model, donate_model=True)
        save_config(config, out / "config.json")
        _carry(source, out)
        weights = tuple(sorted(path.name for path in out.glob("model*.safetensors")))
        return BuildResult(weight_files=weights, tools=_versions(), notes=notes)

    def open(self, artifact: Path, runtime: Mapping[str, Option]) -> MlxSession:
        """Load an artifact. ``threads`` is accepted and has no effect; the placement says so."""
        del runtime
        return MlxSession(artifact)

    def tokenize(self, artifact: Path, texts: Sequence[str]) -> list[list[int]]:
        """Ids by the tokenizer that ``mlx_lm.load`` gives its users."""
        from mlx_lm.utils import load_tokenizer

        tokenizer: Any = load_tokenizer(artifact)
        return [list(tokenizer.encode(text, add_special_tokens=False)) for text in texts]


def _load(directory: Path) -> tuple[Any, dict[str, Any]]:
    from mlx_lm.utils import load_model

    try:
        model, config = load_model(directory, lazy=True)
    except (FileNotFoundError, json.JSONDecodeError, RuntimeError) as error:
        raise InputError(
            f"MLX cannot read {directory.name}: {error}.",
            hint="The directory is incomplete or damaged; make it anew.",
        ) from error
    except ValueError as error:
        raise _refused(error) from error
    return model, config


def _refused(error: ValueError) -> UnsupportedError | InputError:
    """mlx-lm raises ValueError both for what it lacks and for weights that do not fit the configuration."""
    text = str(error).splitlines()[0]
    if "parameters not in model" in text or "Missing" in text or "shape" in text:
        return InputError(
            f"The weights do not fit the configuration: {text.rstrip(': .')}.",
            hint="Make the source directory anew.",
        )
    return UnsupportedError(
        f"mlx-lm cannot build this model: {text}", hint="Build it with another framework."
    )


def _on_cpu() -> bool:
    import mlx.core as mx

    return bool(mx.default_device() == mx.cpu)


def _cast(model: Any, dtype: str) -> None:
    """Floating-point parameters to ``dtype`` where the model lets them; packed weights are integers and stay."""
    import mlx.core as mx
    from mlx.utils import tree_map_with_path

    may_cast = getattr(model, "cast_predicate", lambda _: True)

    def convert(name: str, value: Any) -> Any:
        floating = mx.issubdtype(value.dtype, mx.floating) and may_cast(name)
        return value.astype(getattr(mx, dtype)) if floating else value

    model.update(tree_map_with_path(convert, model.parameters()))


def _demand_finite(model: Any, dtype: str) -> None:
    import mlx.core as mx
    from mlx.utils import tree_flatten

    for name, value in tree_flatten(model.parameters()):
        if mx.issubdtype(value.dtype, mx.floating) and not mx.isfinite(value).all().item():
            raise UnsupportedError(
                f"{name} has values that {dtype} cannot hold.",
                hint="Build this model with another framework.",
            )


def _left_out(model: Any) -> tuple[str, ...]:
    """The matrices that could have been quantized and were not, because their rows do not divide into groups."""
    plain = [name for name, module in model.named_modules() if hasattr(module, "to_quantized")]
    plain = [name for name in plain if not hasattr(dict(model.named_modules())[name], "bits")]
    return (
        (f"Kept in floating point (rows not a multiple of the group): {', '.join(plain)}.",) if plain else ()
    )


def _demand_tokenizer(source: Path) -> None:
    """mlx-lm converts without looking at the tokenizer; the artifact would be of no use."""
    if not any((source / name).is_file() for name in ("tokenizer.json", "tokenizer.model", "vocab.json")):
        raise InputError(
            f"{source.name} has no tokenizer.", hint="Add tokenizer.json to the source directory."
        )


def _carry(source: Path, out: Path) -> None:
    for pattern in _CARRIED:
        for path in source.glob(pattern):
            if path.is_file():
                shutil.copyfile(path, out / path.name)


def _float_type(model: Any) -> str:
    import mlx.core as mx
    from mlx.utils import tree_flatten

    kinds = {
        value.dtype
        for _, value in tree_flatten(model.parameters())
        if mx.issubdtype(value.dtype, mx.floating)
    }
    return ", ".join(sorted(str(kind).removeprefix("mlx.core.") for kind in kinds))


def _weights(config: Mapping[str, Any], computed: str) -> str:
    settings = config.get("quantization")
    if not settings:
        stored = config.get("dtype", computed)
        return computed if stored == computed else f"{stored}, widened to {computed} in memory"
    return f"int{settings['bits']} in groups of {settings['group_size']}, scales {computed}"


def _device_info() -> dict[str, Any]:
    import mlx.core as mx

    wanted = ("device_name", "architecture", "memory_size")
    return {key: value for key, value in mx.device_info().items() if key in wanted}


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("mlx", "mlx-lm", "transformers")}


WORKER = MlxWorker()
