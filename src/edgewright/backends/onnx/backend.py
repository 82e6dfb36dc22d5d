"""ONNX's parent half: which models Olive's model builder knows, and the candidates it offers."""

from __future__ import annotations

import tomllib
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
_BLOCK = 32


class OnnxBackend(Declared):
    """See `edgewright.ports.Backend`."""

    folder = _FOLDER
    markers = ("genai_config.json",)
    name = "onnx"
    worker = "edgewright.backends.onnx.worker"

    @cached_property
    def _model_types(self) -> frozenset[str]:
        table = tomllib.loads((_FOLDER / "architectures.toml").read_text(encoding="utf-8"))
        return frozenset(table["architectures"])

    def fit(self, facts: ModelFacts) -> Fit:
        """Works for text generation with an architecture that the pinned model builder knows."""
        reason = self._refusal(facts)
        if reason:
            return Fit(framework=self.name, works=False, reasons=(reason,))
        reasons = (f"Olive's model builder knows {facts.model_type}, and ONNX Runtime GenAI runs it",)
        return Fit(framework=self.name, works=True, reasons=reasons, quantization_notes=_notes(facts))

    def recipes(self, facts: ModelFacts) -> tuple[Recipe, ...]:
        """Float32, 8 bits and 4 bits, each from the source."""
        plain = self._recipe("fp32", Precision.FP32, 32.0, {})
        return (plain, *self.space(facts).starting())

    def space(self, facts: ModelFacts) -> Space:
        """Olive's quantizers. An embedding whose rows are no multiple of 32 stays float32."""
        whole = facts.hidden_size % _BLOCK == 0
        declared = load_space(_FOLDER, self.name)
        able = [c for c in declared.candidates if c.recipe.name in declared.start or _packs(c, facts)]
        return replace(declared, candidates=tuple(_with_embedding(c, whole=whole) for c in able))

    def mixture(self, facts: ModelFacts) -> Mixture:
        """4 or 8 bits for each matrix, by a pass of Olive for each type. A tied matrix is stored twice."""
        del facts
        template = self._recipe("mixed", Precision.INT4, 0.0, {})
        return Mixture(template=template, types=load_types(_FOLDER), shared_ends=False, unquantized_bits=32.0)

    def _recipe(self, name: str, precision: Precision, bits: float, build: dict[str, Option]) -> Recipe:
        return Recipe(
            framework=self.name,
            name=name,
            precision=precision,
            nominal_bits=bits,
            build={"passes": name, **build},
        )

    def _refusal(self, facts: ModelFacts) -> str:
        if facts.model_type not in self._model_types:
            return (
                f'the model builder of ONNX Runtime GenAI 0.18.0 does not know model type "{facts.model_type}"; '
                "use another framework, or a model derived from a listed architecture"
            )
        return ""


def _packs(candidate: Candidate, facts: ModelFacts) -> bool:
    """ONNX Runtime's k-quantizer packs two zero points in a byte, and fails on rows with an odd number of blocks."""
    build = candidate.recipe.build
    group = int(build.get("group_size", _BLOCK))
    k_quant = str(build.get("algorithm", "")).startswith("k_quant")
    return not (k_quant and any(-(-length // group) % 2 for length, _ in facts.row_sizes))


def _with_embedding(candidate: Candidate, *, whole: bool) -> Candidate:
    build = {**candidate.recipe.build, "quantize_embedding": whole}
    return replace(candidate, recipe=replace(candidate.recipe, build=build))


def _notes(facts: ModelFacts) -> tuple[str, ...]:
    """What stays above its nominal bits."""
    notes = ["int4: the embedding and the output layer are kept at 8 bits"]
    if facts.tied_embeddings:
        notes.append("the tied embedding is stored twice, once for input and once for output")
    if facts.hidden_size % _BLOCK:
        notes.append(
            f"int8 and int4: the embedding stays float32, its rows of {facts.hidden_size} are no multiple of 32"
        )
    odd = sorted(length for length, _ in facts.row_sizes if length % _BLOCK)
    if odd:
        notes.append(f"rows of {', '.join(map(str, odd))} are padded to a multiple of {_BLOCK}")
    return tuple(notes)
