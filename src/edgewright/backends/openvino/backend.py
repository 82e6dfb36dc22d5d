"""OpenVINO's parent half: which models it can export, and the candidates it offers."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from edgewright.backends.declared import Declared, load_space, load_types
from edgewright.core.decision.assessment import Fit
from edgewright.core.model.facts import ModelFacts
from edgewright.core.recipe.allocation import Mixture
from edgewright.core.recipe.recipes import Option, Precision, Recipe
from edgewright.core.recipe.space import Candidate, Space

_FOLDER = Path(__file__).parent
_GROUPS = (64, 128)

# The unquantized build stands for the conversion alone, so nothing may be rounded on the way: the CPU plugin's own
# defaults are bfloat16 activations and, for compressed models, an 8-bit KV cache.
_EXACT: dict[str, Option] = {"execution_mode": "ACCURACY", "inference_precision": "f32", "kv_cache": "f32"}


class OpenVinoBackend(Declared):
    """See `edgewright.ports.Backend`."""

    folder = _FOLDER
    markers = ("openvino_model.xml",)
    name = "openvino"
    worker = "edgewright.backends.openvino.worker"

    @cached_property
    def _model_types(self) -> frozenset[str]:
        table = tomllib.loads((_FOLDER / "architectures.toml").read_text(encoding="utf-8"))
        return frozenset(table["text_generation"])

    def fit(self, facts: ModelFacts) -> Fit:
        """Works for text generation with an architecture that the pinned exporter knows."""
        reason = self._refusal(facts)
        if reason:
            return Fit(framework=self.name, works=False, reasons=(reason,))
        reasons = (f"Optimum Intel exports {facts.model_type}, and OpenVINO's CPU plugin runs it",)
        return Fit(framework=self.name, works=True, reasons=reasons, quantization_notes=_notes(facts))

    def recipes(self, facts: ModelFacts) -> tuple[Recipe, ...]:
        """The export, then NNCF's weight compression of it; at 16 bits, or at 32 where float16 cannot hold the weights."""
        base = _base(facts)
        export = Recipe(
            framework=self.name,
            name=base,
            precision=Precision(base),
            nominal_bits=_bits(facts),
            build={"dtype": base},
            runtime=_EXACT,
        )
        return (export, *self.space(facts).starting())

    def space(self, facts: ModelFacts) -> Space:
        """NNCF's modes, groups, ratios and data-aware methods; what scales each row adds is known from the rows."""
        declared = load_space(_FOLDER, self.name)
        mean, bits = _mean_row(facts), _bits(facts)
        found = tuple(_with_base(_with_rows(c, mean), _base(facts)) for c in declared.candidates)
        unquantized = replace(declared.unquantized, bits=bits, rounding_bits=bits)
        return replace(declared, candidates=found, unquantized=unquantized)

    def mixture(self, facts: ModelFacts) -> Mixture:
        """Each matrix at 4 or 8 bits, in passes of NNCF that leave the others out."""
        template = Recipe(
            framework=self.name,
            name="mixed",
            precision=Precision.INT4,
            nominal_bits=0.0,
            base=_base(facts),
            build={"mode": "mixed"},
        )
        types = load_types(_FOLDER)
        return Mixture(template=template, types=types, shared_ends=True, unquantized_bits=_bits(facts))

    def accelerations(self, recipe: Recipe) -> tuple[Mapping[str, Option], ...]:
        """A 16-bit KV cache in place of the plugin's 8 bits: more memory, less work for each token."""
        return () if recipe.precision.unquantized else ({"kv_cache": "f16"},)

    def _refusal(self, facts: ModelFacts) -> str:
        if facts.model_type not in self._model_types:
            return (
                f'Optimum Intel 2.2.0 has no text-generation export for model type "{facts.model_type}" under '
                "Transformers 5.5.4; use another framework, or a model derived from a listed architecture"
            )
        return ""


def _base(facts: ModelFacts) -> str:
    """The export that compressed builds are made from."""
    return "fp32" if facts.float16_overflows else "fp16"


def _bits(facts: ModelFacts) -> float:
    return 32.0 if facts.float16_overflows else 16.0


def _with_base(candidate: Candidate, base: str) -> Candidate:
    return replace(candidate, recipe=replace(candidate.recipe, base=base))


def _with_rows(candidate: Candidate, mean_row: float) -> Candidate:
    """With the bits that one scale, and one zero point, for each row come to."""
    bits = round(candidate.storage.bits + candidate.storage.row_bits / mean_row, 4)
    return replace(candidate, recipe=replace(candidate.recipe, nominal_bits=bits))


def _mean_row(facts: ModelFacts) -> float:
    """The mean row length over all rows: parameters / number of rows."""
    rows = sum(parameters / length for length, parameters in facts.row_sizes if length)
    return sum(parameters for length, parameters in facts.row_sizes if length) / rows if rows else 1024.0


def _notes(facts: ModelFacts) -> tuple[str, ...]:
    """What stays above its nominal bits, and which rows cannot take the named group size."""
    notes = ["int4: embeddings and the output layer stay at 8 bits (NNCF's default)"]
    if facts.float16_overflows:
        notes.append(f"the export is float32: float16 cannot hold weights up to {facts.largest_weight:.4g}")
    for group in _GROUPS:
        odd = [length for length, _ in facts.row_sizes if length % group]
        if odd:
            lengths = ", ".join(str(length) for length in sorted(odd))
            notes.append(
                f"int4 with groups of {group}: rows of {lengths} are no multiple of {group}; they get the largest "
                "power of two below it that divides them (at least 32), else 8 bits"
            )
    return tuple(notes)
