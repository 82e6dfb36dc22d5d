"""The record of one run: everything that was tried, what became of it, and what was chosen. Written as ``run.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from edgewright.core.decision.assessment import Assessment
from edgewright.core.decision.choice import Choice
from edgewright.core.decision.policy import Policy
from edgewright.core.decision.verdict import Outcome, Verdict
from edgewright.core.jobs.results import FailureKind
from edgewright.core.measurement.profile import Profile
from edgewright.core.measurement.quantity import Value
from edgewright.core.measurement.records import Placement, Workload
from edgewright.core.measurement.rounds import HostNoise
from edgewright.core.model.facts import Source
from edgewright.core.recipe.artifact import Artifact
from edgewright.core.recipe.recipes import Recipe
from edgewright.reasons import Reason

RUN_VERSION = 3


class Status(StrEnum):
    """What became of a trial. ``FAILED`` and ``UNAVAILABLE`` are tried again by the next run of the same command."""

    PLANNED = "planned"
    BUILT = "built"
    SCORED = "scored"
    MEASURED = "measured"
    BROKEN = "broken"
    SKIPPED = "skipped"
    UNSUPPORTED = "unsupported"
    UNAVAILABLE = "unavailable"
    FAILED = "failed"
    REFUTED = "refuted"
    AUXILIARY = "auxiliary"
    UNTRIED = "untried"
    UNTIMED = "untimed"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One build's story: ``values`` are keyed by metric name, ``blocks`` counts its timed processes.

    Once it is ``confirmed``, its values and verdicts stand on new blocks and held-out text, and ``explored`` keeps what
    it was shortlisted for. ``predicted`` is what was expected of it before it was built. ``doubts`` are metrics whose figures
    cannot be judged, with the reason. ``failure`` is the kind of a job that had no result. ``deleted``: its files were dropped to stay within a disk quota. ``variant_of`` is the trial whose artifact this one runs under another runtime option. ``scored_tokens`` says how many tokens its accuracy stands on where a slow runtime scored fewer than the original.
    """

    recipe: Recipe
    status: Status = Status.PLANNED
    reason: Reason | None = None
    failure: FailureKind | None = None
    artifact: Artifact | None = None
    values: Mapping[str, Value] = field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()
    outcome: Outcome | None = None
    placement: Placement | None = None
    blocks: int = 0
    notes: tuple[str, ...] = ()
    log: str = ""
    variant_of: str = ""
    confirmed: bool = False
    explored: Mapping[str, Value] = field(default_factory=dict)
    doubts: Mapping[str, Reason] = field(default_factory=dict)
    deleted: bool = False
    predicted: Mapping[str, Value] = field(default_factory=dict)
    scored_tokens: int | None = None

    @property
    def id(self) -> str:
        """The recipe's."""
        return self.recipe.id


@dataclass(frozen=True, kw_only=True)
class CrossValidation:
    """Whether one framework's unquantized conversion equals the original, and its tokenizer gives the same ids."""

    framework: str
    equal: bool
    kl_divergence: float | None
    limit: float
    tokenizer_equal: bool | None
    causes: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StageStep:
    """One of the five stages of progressive optimization, with the values that it reached.

    ``compared``: the values are those of another build than the stage before, and what they gain is of interest.
    """

    stage: str
    what: Reason
    values: Mapping[str, Value]
    compared: bool = False


@dataclass(frozen=True, kw_only=True)
class EvaluationData:
    """The text that was scored: its name, digest and token counts.

    ``parts`` are the digests of the explored, held-out and calibration parts; no window of one stands in another, and
    ``repeated_windows`` that did were left out. Every window ``begins_with`` the ids that the tokenizer's own rules put
    before a text.
    """

    name: str
    sha256: str
    tokens: int
    held_out_tokens: int
    context: int
    parts: Mapping[str, str] = field(default_factory=dict)
    repeated_windows: int = 0
    begins_with: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Run:
    """All of it. ``key`` names everything that changes what is measured; the policy is not part of it.

    ``exported`` is the trial whose build lies in the run directory's ``best/``. ``host`` says how well this host could
    tell arms apart in the confirmation; ``profile`` is that of the chosen build, once someone asked for it.
    """

    version: int = RUN_VERSION
    key: str
    edgewright: str
    started_s: float
    finished_s: float | None
    source: Source
    assessment: Assessment
    data: EvaluationData
    workload: Workload
    policy: Policy
    baseline: Trial
    trials: tuple[Trial, ...]
    cross_validation: tuple[CrossValidation, ...] = ()
    choice: Choice | None = None
    progressive: tuple[StageStep, ...] = ()
    notes: tuple[Reason, ...] = ()
    directory: str = ""
    exported: str = ""
    host: HostNoise | None = None
    profile: Profile | None = None

    def trial(self, identifier: str) -> Trial:
        """The trial of that id.

        Raises:
            KeyError: there is none.
        """
        return next(t for t in self.trials if t.id == identifier)

    @property
    def best(self) -> Trial | None:
        """The recommended trial, if there is one; see `provisional`."""
        return self.trial(self.choice.chosen) if self.choice and self.choice.chosen else None

    @property
    def provisional(self) -> bool:
        """Whether the recommended trial has gates that are not decided: an answer, and no proof."""
        return self.best is not None and self.choice is not None and self.choice.provisional
