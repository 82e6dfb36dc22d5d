"""A recipe: what one build of a model is, said before it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from edgewright.reasons import Reason

Option = str | int | float | bool


class Precision(StrEnum):
    """The nominal class of a build's weights; real bits per weight stand in its manifest."""

    FP32 = "fp32"
    FP16 = "fp16"
    INT8 = "int8"
    INT6 = "int6"
    INT5 = "int5"
    INT4 = "int4"
    INT3 = "int3"
    INT2 = "int2"

    @property
    def unquantized(self) -> bool:
        """Whether the weights are kept as floating-point numbers."""
        return self in {Precision.FP32, Precision.FP16}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One candidate: a framework, a name within it, and every option that changes its bytes or its running.

    ``build`` options change the artifact, ``runtime`` options only how it is run. ``base`` names the recipe of
    the same framework whose artifact this one is made from; empty means the source directory.
    ``nominal_bits`` is bits per weight by the format's own definition, scales included.

    ``source`` names a pruning of the source that it is made from (`core.recipe.pruning`); empty means the source as it is.

    An ``auxiliary`` build is only made for others to be made from it; nothing runs it.
    """

    framework: str
    name: str
    precision: Precision
    nominal_bits: float
    base: str = ""
    build: Mapping[str, Option] = field(default_factory=dict)
    runtime: Mapping[str, Option] = field(default_factory=dict)
    source: str = ""
    leads: bool = False
    auxiliary: bool = False

    @property
    def calibrated(self) -> bool:
        """Whether the build looks at calibration data, which then belongs to what it is made from."""
        return bool(self.build.get("calibrated"))

    @property
    def base_id(self) -> str:
        """The `id` of the recipe that this one is made from; empty where that is the source."""
        return f"{self.framework}/{self.base}" if self.base else ""

    @property
    def id(self) -> str:
        """The name people see: ``framework/recipe``."""
        return f"{self.framework}/{self.name}"


SCORING_RUNTIME: Mapping[str, Option] = {"dtype": "float32"}
"""How the original is scored: in float32 whatever its own precision, which only its timing keeps. A reference in
bfloat16 would differ from itself by more than the conversions that are compared with it may."""

REFERENCE = Recipe(framework="torch", name="original", precision=Precision.FP32, nominal_bits=32.0)


def scoring_runtime(framework: str) -> Mapping[str, Option]:
    """How an original is scored in the framework that runs it: only the reference has another precision to choose."""
    return SCORING_RUNTIME if framework == REFERENCE.framework else {}


def native_reference(framework: str, bits: float) -> Recipe:
    """The original as a file that a framework runs itself: what candidates are measured against where torch cannot have it."""
    return replace(REFERENCE, framework=framework, nominal_bits=bits)


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A candidate that is not built, with the reason."""

    recipe: Recipe
    reason: Reason


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The baseline and the candidates, in the order in which they are worked on; ``unfit`` frameworks take no part, and why."""

    baseline: Recipe
    candidates: tuple[Recipe, ...]
    skipped: tuple[Skipped, ...] = ()
    unfit: Mapping[str, str] = field(default_factory=dict)

    def frameworks(self) -> tuple[str, ...]:
        """The candidates' frameworks, each once, in order."""
        return tuple(dict.fromkeys(recipe.framework for recipe in self.candidates))

    def of(self, framework: str) -> tuple[Recipe, ...]:
        """The candidates of one framework, in order."""
        return tuple(recipe for recipe in self.candidates if recipe.framework == framework)
