"""From a trial's blocks to its values and verdicts, under what is known of the host and of the readings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from edgewright.core.decision.policy import Policy
from edgewright.core.decision.verdict import BETWEEN_BLOCKS, Circumstances, judge_all, overall
from edgewright.core.measurement.memory import inconsistency
from edgewright.core.measurement.quantity import METRICS, Kind, of_kind
from edgewright.core.measurement.records import Block
from edgewright.core.measurement.rounds import RoundKey
from edgewright.core.model.facts import ModelFacts
from edgewright.core.run import Run, Status, Trial
from edgewright.core.statistics.looks import ONE_SIDED
from edgewright.core.statistics.steadiness import early_share
from edgewright.ports.task import Exam

_NOISY = "over 30 % of this confirmation's blocks were disturbed: the host is too noisy to tell"


def timed(
    exam: Exam,
    trial: Trial,
    blocks: Mapping[RoundKey, Block],
    base: Mapping[RoundKey, Block],
    *,
    error: float = ONE_SIDED,
) -> Trial:
    """A trial with the figures of its blocks beside the original's of the same rounds, their bounds at this one-sided error."""
    values = {**trial.values, **exam.speeds(list(blocks.values()), error=error)}
    if blocks is not base:
        values |= exam.against(blocks, base, error=error)
    placement = next(reversed(list(blocks.values()))).placement
    return replace(trial, status=Status.MEASURED, values=values, placement=placement, blocks=len(blocks))


def judged(trial: Trial, run: Run, policy: Policy, *, explored: bool = False) -> Trial:
    """A measured trial with a policy's verdicts; an ``explored`` one may do without what needs a confirmation."""
    host = run.host if trial.confirmed else None
    circumstances = Circumstances(
        confirmed=trial.confirmed,
        explored=explored,
        doubts={
            **(dict.fromkeys(of_kind(Kind.SPEED, Kind.STEADINESS), _NOISY) if host and host.is_mute else {}),
            **trial.doubts,
        },
        excuses=_unsteady(run, policy),
        early=_early(trial, policy) if trial.confirmed else {},
        elsewhere=not run.assessment.measured_here,
    )
    verdicts = judge_all(policy, trial.values, circumstances)
    return replace(trial, verdicts=verdicts, outcome=overall(verdicts))


def _early(trial: Trial, policy: Policy) -> dict[str, str]:
    """Steadiness between blocks that so few of them do not show: later looks may pass it, so an early one must be surer."""
    share = early_share(trial.blocks)
    if share is None:
        return {}
    why = f"{trial.blocks} rounds pass only what keeps {share:.0%} of the bound"
    return {
        gate.metric: why
        for gate in policy.gates
        if gate.metric in BETWEEN_BLOCKS
        and (value := trial.values.get(gate.metric)) is not None
        and value.value is not None
        and not value.value <= share * gate.bound
    }


def _unsteady(run: Run, policy: Policy) -> dict[str, str]:
    """Steadiness that the host or the original itself lacks here: then no build is to blame."""
    if run.host is not None and run.host.excuse:
        return dict.fromkeys(of_kind(Kind.STEADINESS), run.host.excuse)
    baseline = run.baseline
    why = "the original breaks the same bound here: the host is too noisy to tell"
    return {
        gate.metric: why
        for gate in policy.gates
        if METRICS[gate.metric].kind is Kind.STEADINESS
        and (value := baseline.values.get(gate.metric)) is not None
        and value.value is not None
        and not gate.holds(value.value)
    }


def memory_doubts(trial: Trial, blocks: Mapping[RoundKey, Block], facts: ModelFacts) -> dict[str, str]:
    """Why this build's memory readings cannot be judged, by metric; empty where they can."""
    weights = trial.artifact.manifest.weight_bytes if trial.artifact else facts.weight_bytes
    share = 0.0 if facts.tied_embeddings else facts.embedding_parameters / facts.parameters
    for block in blocks.values():
        reason = inconsistency(block.memory, weights, untouched_bytes=int(share * weights))
        if reason:
            return dict.fromkeys(of_kind(Kind.MEMORY), reason)
    return {}
