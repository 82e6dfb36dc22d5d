"""llama.cpp's parent half: which models it can build, and the recipes it offers."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from edgewright.backends.declared import Declared, load_space, load_types
from edgewright.core.decision.assessment import Fit
from edgewright.core.model.facts import GgufOrigin, ModelFacts, SourceKind
from edgewright.core.recipe.allocation import Mixture
from edgewright.core.recipe.recipes import Option, Precision, Recipe
from edgewright.core.recipe.space import Space

_FOLDER = Path(__file__).parent
_BLOCK = 32
"""Weights in a block of the legacy types (q8_0, q4_0): rows that are no multiple stay 16 bit."""
_SUPER_BLOCK = 256
"""Weights in a super-block of the k-quants: rows that are no multiple fall back to a legacy type."""

_BY_BITS = (
    (7.0, Precision.INT8),
    (6.0, Precision.INT6),
    (5.0, Precision.INT5),
    (3.6, Precision.INT4),
    (2.6, Precision.INT3),
    (0.0, Precision.INT2),
)
"""What a file that was given is called by, from its real bits per weight."""

_UNQUANTIZED, _OBSERVED = "f16", "imatrix"


class LlamaCppBackend(Declared):
    """See `edgewright.ports.Backend`."""

    folder = _FOLDER
    markers = ("*.gguf",)
    name = "llamacpp"
    worker = "edgewright.backends.llamacpp.worker"
    runs = frozenset({SourceKind.GGUF})

    def fit(self, facts: ModelFacts) -> Fit:
        """By task and architecture; the notes name the rows that k-quants cannot hold."""
        reason = _refusal(facts)
        if reason:
            return Fit(framework=self.name, works=False, reasons=(reason,))
        known = f"llama.cpp's converter registers {facts.architecture or facts.model_type}"
        if facts.gguf:
            known = f"llama.cpp runs GGUF files of the architecture {facts.gguf.architecture}"
        return Fit(framework=self.name, works=True, reasons=(known,), quantization_notes=_fallbacks(facts))

    def recipes(self, facts: ModelFacts) -> tuple[Recipe, ...]:
        """The float16 file first, then that with its importance matrix; quantized ones are made from either.

        All but q8_0, which the matrix does not change, are made with it.
        """
        base, precision, bits = _unquantized(facts)
        unquantized = self._recipe(base, precision, bits, "", {"type": base.upper()})
        observed = self._recipe(_OBSERVED, precision, bits, base, {"type": base.upper(), "calibrated": True})
        given = self._given(facts.gguf)
        return (unquantized, *given, replace(observed, auxiliary=True), *self.space(facts).starting())

    def space(self, facts: ModelFacts) -> Space:
        """Every type that llama-quantize knows and that makes sense."""
        space, base = load_space(_FOLDER, self.name), _unquantized(facts)[0]
        based = [
            replace(c, recipe=replace(c.recipe, base=base)) if c.recipe.base == _UNQUANTIZED else c
            for c in space.candidates
        ]
        return replace(space, candidates=tuple(based))

    def mixture(self, facts: ModelFacts) -> Mixture | None:
        """Any tensor can have any type; what an allocation does not name falls to q8_0."""
        if facts.gguf and facts.gguf.unmapped:  # what types cost is measured in Transformers
            return None
        template = self._recipe("mixed", Precision.INT4, 0.0, _OBSERVED, {"type": "Q8_0"})
        return Mixture(template=template, types=load_types(_FOLDER), shared_ends=True, unquantized_bits=16.0)

    def _given(self, gguf: GgufOrigin | None) -> tuple[Recipe, ...]:
        """The GGUF file as it was given, where its weights are quantized: someone made it to be run."""
        if gguf is None or gguf.bits_per_weight >= 16.0:
            return ()
        precision = next(kind for least, kind in _BY_BITS if gguf.bits_per_weight >= least)
        return (self._recipe("given", precision, gguf.bits_per_weight, "", {"type": "GIVEN"}),)

    def _recipe(
        self, name: str, precision: Precision, bits: float, base: str, build: Mapping[str, Option]
    ) -> Recipe:
        return Recipe(
            framework=self.name, name=name, precision=precision, nominal_bits=bits, base=base, build=build
        )


def _unquantized(facts: ModelFacts) -> tuple[str, Precision, float]:
    """The conversion that others are made from: float16, or float32 where float16 cannot hold the weights."""
    if facts.float16_overflows:
        return "f32", Precision.FP32, 32.0
    return _UNQUANTIZED, Precision.FP16, 16.0


@cache
def _table() -> Mapping[str, frozenset[str]]:
    table = tomllib.loads((_FOLDER / "architectures.toml").read_text(encoding="utf-8"))
    return {name: frozenset(names) for name, names in table.items()}


def _refusal(facts: ModelFacts) -> str:
    table = _table()
    if facts.gguf and facts.gguf.architecture not in table["gguf"]:
        return (
            f"llama.cpp (0.5.0-dev) does not load the architecture {facts.gguf.architecture}; "
            "it needs a toolchain whose llama.cpp has it."
        )
    if facts.gguf or facts.architecture in table["supported"] or facts.model_type in table["types"]:
        return ""
    named = facts.architecture or facts.model_type or "without a name"
    return (
        f"llama.cpp's converter (0.5.0-dev) does not register the architecture {named}; "
        "build with another framework, or with a toolchain whose llama.cpp has it."
    )


def _fallbacks(facts: ModelFacts) -> tuple[str, ...]:
    """What quantizes otherwise than its recipe's name says, with its share of the parameters."""
    odd = {row: count for row, count in facts.row_sizes if row % _SUPER_BLOCK and not row % _BLOCK}
    whole = {row: count for row, count in facts.row_sizes if row % _BLOCK}
    notes = []
    if odd and facts.parameters:
        notes.append(
            f"{_share(odd, facts)} of the parameters cannot be k-quants ({_rows(odd)} are not a multiple of "
            f"{_SUPER_BLOCK}): q6_k stores them as q8_0, q5_k_m as q5_1 or q8_0, q4_k_m as q5_0 or q8_0, so these "
            "files are larger than their names say."
        )
    if whole and facts.parameters:
        notes.append(
            f"{_share(whole, facts)} of the parameters stay 16 bit ({_rows(whole)} are not a multiple of {_BLOCK})."
        )
    return tuple(notes)


def _share(rows: dict[int, int], facts: ModelFacts) -> str:
    return f"{sum(rows.values()) / facts.parameters:.1%}"


def _rows(rows: dict[int, int]) -> str:
    return "rows of " + ", ".join(str(row) for row in sorted(rows))
