"""MLX's parent half: which models it can build, and the recipes it offers."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path

from edgewright.backends.declared import Declared, load_space, load_types
from edgewright.core.decision.assessment import Fit
from edgewright.core.model.facts import ModelFacts
from edgewright.core.recipe.allocation import Mixture
from edgewright.core.recipe.recipes import Precision, Recipe
from edgewright.core.recipe.space import Candidate, Space

_FOLDER = Path(__file__).parent
_NAMES = {"float16": "fp16", "bfloat16": "bf16", "float32": "fp32"}
_MOST_HEADER = 100_000_000
_GROUP = 64
"""Weights that share one scale and one offset, both float16: 32 bits per group, half a bit per weight."""


class MlxBackend(Declared):
    """See `edgewright.ports.Backend`."""

    folder = _FOLDER
    name = "mlx"
    worker = "edgewright.backends.mlx.worker"
    timed_where = ("system=Darwin",)
    """Its build for other systems computes on one thread, with a reference BLAS."""

    def recognizes(self, path: Path) -> bool:
        """MLX writes the same file names as Hugging Face; the header of its safetensors says who wrote them."""
        return any(_written_by_mlx(file) for file in path.glob("model*.safetensors"))

    def fit(self, facts: ModelFacts) -> Fit:
        """By task and ``model_type``; the notes name the matrices that stay 16 bit."""
        reason = _refusal(facts)
        if reason:
            return Fit(framework=self.name, works=False, reasons=(reason,))
        known = f"mlx-lm implements model type {facts.model_type}"
        return Fit(framework=self.name, works=True, reasons=(known,), quantization_notes=_left_out(facts))

    def mixture(self, facts: ModelFacts) -> Mixture:
        """Bits and groups for each matrix, by mlx-lm's quantization predicate."""
        return _mixture(self.name, facts)

    def recipes(self, facts: ModelFacts) -> tuple[Recipe, ...]:
        """Unquantized first: it shows what the runtime alone changes. Then affine groups of 64.

        Where float16 cannot hold the weights, they and the scales are kept as the source has them.
        """
        dtype = _dtype(facts)
        wide = dtype == "float32"
        plain = Recipe(
            framework=self.name,
            name=_NAMES[dtype],
            precision=Precision.FP32 if wide else Precision.FP16,
            nominal_bits=_bits(facts),
            build={"dtype": dtype},
        )
        return (plain, *self.space(facts).starting())

    def space(self, facts: ModelFacts) -> Space:
        """Bits and groups of mlx-lm's affine quantization, and its other modes."""
        declared, bits = load_space(_FOLDER, self.name), _bits(facts)
        found = tuple(_with_dtype(candidate, _dtype(facts)) for candidate in declared.candidates)
        unquantized = replace(declared.unquantized, bits=bits, rounding_bits=bits)
        return replace(declared, candidates=found, unquantized=unquantized)


def _dtype(facts: ModelFacts) -> str:
    """What unquantized weights and scales are kept in."""
    if not facts.float16_overflows:
        return "float16"
    return "bfloat16" if facts.dtype == "bf16" else "float32"


def _bits(facts: ModelFacts) -> float:
    return 32.0 if _dtype(facts) == "float32" else 16.0


def _with_dtype(candidate: Candidate, dtype: str) -> Candidate:
    build = {**candidate.recipe.build, "dtype": dtype}
    return replace(candidate, recipe=replace(candidate.recipe, build=build))


def _mixture(framework: str, facts: ModelFacts) -> Mixture:
    """Any matrix can have any bits and groups; what an allocation does not name stays unquantized."""
    template = Recipe(
        framework=framework,
        name="mixed",
        precision=Precision.INT4,
        nominal_bits=0.0,
        build={"dtype": _dtype(facts), "bits": 8, "group_size": _GROUP},
    )
    types = load_types(_FOLDER)
    return Mixture(template=template, types=types, shared_ends=True, unquantized_bits=_bits(facts))


def _written_by_mlx(file: Path) -> bool:
    with file.open("rb") as stream:
        head = stream.read(min(int.from_bytes(stream.read(8), "little"), _MOST_HEADER))
    try:
        metadata: dict[str, str] = json.loads(head).get("__metadata__", {})
    except (ValueError, UnicodeDecodeError):
        return False
    return metadata.get("format") == "mlx"


@cache
def supported_types() -> frozenset[str]:
    """Values of ``model_type`` that mlx-lm implements."""
    table = tomllib.loads((_FOLDER / "model_types.toml").read_text(encoding="utf-8"))
    return frozenset(table["supported"])


def _refusal(facts: ModelFacts) -> str:
    if facts.model_type not in supported_types():
        named = facts.model_type or "without a name"
        return (
            f"mlx-lm 0.32.2 has no implementation of model type {named}; "
            "build with another framework, or with a toolchain whose mlx-lm has it."
        )
    return ""


def _left_out(facts: ModelFacts) -> tuple[str, ...]:
    kept = _dtype(facts)
    large = f"float16 cannot hold weights up to {facts.largest_weight:.4g}: they are kept in {kept}"
    notes = (large,) if facts.float16_overflows else ()
    odd = {row: count for row, count in facts.row_sizes if row % _GROUP}
    if not odd or not facts.parameters:
        return notes
    share = sum(odd.values()) / facts.parameters
    rows = ", ".join(str(row) for row in sorted(odd))
    note = (
        f"{share:.1%} of the parameters stay {kept} in the int recipes: their rows ({rows}) are not a multiple "
        f"of the group of {_GROUP}."
    )
    return (*notes, note)
