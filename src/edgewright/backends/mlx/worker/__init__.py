"""MLX's child half: converts with mlx-lm's own functions; `session` runs, `profiling` says where the time goes."""

from __future__ import annotations

import shutil
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgewright.backends.mlx.worker.learning import is_learned, learned
from edgewright.backends.mlx.worker.loading import cast, load
from edgewright.backends.mlx.worker.mixing import predicate
from edgewright.backends.mlx.worker.session import MlxSession
from edgewright.core.jobs.requests import BuildJob
from edgewright.core.jobs.results import BuildResult, Progress, SmokeResult
from edgewright.errors import InputError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgewright.core.measurement.operators import OperatorProfile
    from edgewright.core.recipe.recipes import Option
    from edgewright.ports import Tell

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


class MlxWorker:
    """See `edgewright.ports.Worker`."""

    def smoke(self, scratch: Path) -> SmokeResult:
        """A quantized product through a file, compared with the same product in floating point."""
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
        model, config = load(source)
        cast(model, str(options["dtype"]))
        _demand_finite(model, str(options["dtype"]))
        notes: tuple[str, ...] = ()
        if is_learned(options) and job.calibration is not None:
            tell(Progress(message=f"quantizing to {options['bits']} bits by the calibration text"))
            model, config = learned(model, config, options, job.calibration)
        elif "bits" in options:
            tell(Progress(message=f"quantizing to {options['bits']} bits"))
            group, bits = int(options["group_size"]), int(options["bits"])
            model, config = quantize_model(
                model,
                config,
                group,
                bits,
                mode=str(options.get("mode", "affine")),
                quant_predicate=_predicate(model, options),
            )
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
        """Load an artifact, or any directory that ``mlx_lm.convert`` wrote."""
        return MlxSession(artifact, runtime)

    def profile(
        self, artifact: Path, runtime: Mapping[str, Option], ids: Sequence[int], tokens: int, scratch: Path
    ) -> OperatorProfile:
        """One request with every module timed; nothing is written."""
        from edgewright.backends.mlx.worker.operators import profiled

        del scratch
        return profiled(MlxSession(artifact, runtime), ids, tokens)

    def tokenize(self, artifact: Path, texts: Sequence[str]) -> list[list[int]]:
        """Ids by the tokenizer that ``mlx_lm.load`` gives its users."""
        from mlx_lm.utils import load_tokenizer

        tokenizer: Any = load_tokenizer(artifact)
        return [list(tokenizer.encode(text, add_special_tokens=False)) for text in texts]


def _predicate(model: Any, options: Mapping[str, Option]) -> Any:
    """What says each matrix's bits: an allocation, one of mlx-lm's own mixtures, or nothing."""
    if "types" in options:
        return predicate(str(options["types"]))
    if "mixture" in options:
        from mlx_lm.convert import mixed_quant_predicate_builder

        return mixed_quant_predicate_builder(str(options["mixture"]), model, int(options["group_size"]))
    return None


def _demand_finite(model: Any, dtype: str) -> None:
    import mlx.core as mx
    from mlx.utils import tree_flatten

    for name, value in tree_flatten(model.parameters()):
        if mx.issubdtype(value.dtype, mx.floating) and not mx.isfinite(value).all().item():
            raise UnsupportedError(
                f"{name} has values that {dtype} cannot represent.",
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


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("mlx", "mlx-lm", "transformers")}


WORKER = MlxWorker()
