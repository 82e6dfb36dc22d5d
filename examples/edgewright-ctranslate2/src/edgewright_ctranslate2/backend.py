"""CTranslate2's parent half: which models it can build, and the recipes it offers. It imports no framework."""

from __future__ import annotations

import struct
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from edgewright.backends.declared import Declared
from edgewright.core.decision.assessment import Fit
from edgewright.core.model.facts import ModelFacts
from edgewright.core.recipe.recipes import Precision, Recipe

_FOLDER = Path(__file__).parent
_MODEL = "model.bin"
_DECODER = b"TransformerDecoderSpec\0"
"""What CTranslate2 calls a decoder, in the first bytes of the file."""


class CTranslate2Backend(Declared):
    """See `edgewright.ports.Backend`; `Declared` gives what the files of ``folder`` say."""

    folder = _FOLDER
    name = "ctranslate2"
    worker = "edgewright_ctranslate2.worker"

    def recognizes(self, path: Path) -> bool:
        """A directory whose ``model.bin`` says that it is a decoder of CTranslate2's: others use that name too."""
        return (path / _MODEL).is_file() and _is_decoder(path / _MODEL)

    def fit(self, facts: ModelFacts) -> Fit:
        """By task, ``model_type`` and the size of a head."""
        reason = _refusal(facts)
        known = f"CTranslate2's converter has a loader for model type {facts.model_type}"
        return Fit(framework=self.name, works=not reason, reasons=(reason or known,))

    def recipes(self, facts: ModelFacts) -> tuple[Recipe, ...]:
        """Float32 first: it shows what the runtime alone changes. Then int8, each row of a matrix with a float32 scale."""
        scale_bits = 32 / facts.hidden_size if facts.hidden_size else 0.0
        return (
            self._recipe("fp32", Precision.FP32, 32.0, "float32"),
            self._recipe("int8", Precision.INT8, round(8 + scale_bits, 4), "int8_float32"),
        )

    def _recipe(self, name: str, precision: Precision, bits: float, quantization: str) -> Recipe:
        return Recipe(
            framework=self.name,
            name=name,
            precision=precision,
            nominal_bits=bits,
            build={"quantization": quantization},
        )


@cache
def buildable() -> dict[str, Any]:
    """What ``architectures.toml`` says: ``architectures`` by model type, and kinds of ``rope``."""
    return tomllib.loads((_FOLDER / "architectures.toml").read_text(encoding="utf-8"))


def _refusal(facts: ModelFacts) -> str:
    architectures = buildable()["architectures"]
    known = architectures.get(facts.model_type)
    if known is None:
        named = facts.model_type or "without a name"
        return f"model type {named} is not in this backend's table ({', '.join(architectures)}); use another framework."
    if not known["own_head_size"] and facts.heads * facts.head_size != facts.hidden_size:
        return (
            f"CTranslate2's loader of {facts.model_type} takes {facts.hidden_size} / {facts.heads} for the size of a head, "
            f"and this model's is {facts.head_size}; use another framework."
        )
    return ""


def _is_decoder(file: Path) -> bool:
    """The file begins with its version (4 bytes), then the length (2 bytes) and the text of the model's kind."""
    with file.open("rb") as stream:
        head = stream.read(6 + len(_DECODER))
    return head[4:] == struct.pack("<H", len(_DECODER)) + _DECODER
