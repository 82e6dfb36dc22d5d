"""Three-valued verdicts: a gate is passed, failed, or the measurement cannot tell."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from edgewright.core.policy import Gate, Policy
from edgewright.core.quantity import METRICS, Value


class Outcome(StrEnum):
    """What a gate says of a build."""

    PASS = "pass"  # noqa: S105  # a verdict
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One gate's answer, with the figure it was given and the reason in words.

    ``excused``: the host cannot tell (the original itself breaks the bound here), so the gate decides nothing.
    """

    gate: Gate
    outcome: Outcome
    value: float | None
    reason: str
    excused: bool = False


def judge(gate: Gate, value: Value | None) -> Verdict:
    """Hold a value against a gate: its whole interval must be on one side, where it has one."""
    if value is None or value.value is None:
        why = value.reason if value else "not measured"
        return Verdict(gate=gate, outcome=Outcome.INCONCLUSIVE, value=None, reason=f"no figure: {why}")
    title = METRICS[gate.metric].title.lower()
    figure = f"{title} {_number(value.value)} against {gate.sign} {_number(gate.bound)}"
    if value.ci_low is None or value.ci_high is None:
        outcome = Outcome.PASS if gate.holds(value.value) else Outcome.FAIL
        return Verdict(gate=gate, outcome=outcome, value=value.value, reason=figure)
    span = f", interval {_number(value.ci_low)} to {_number(value.ci_high)}"
    low, high = gate.holds(value.ci_low), gate.holds(value.ci_high)
    if low and high:
        return Verdict(gate=gate, outcome=Outcome.PASS, value=value.value, reason=figure + span)
    if not low and not high:
        return Verdict(gate=gate, outcome=Outcome.FAIL, value=value.value, reason=figure + span)
    reason = figure + span + " holds the bound: more data would be needed to tell"
    return Verdict(gate=gate, outcome=Outcome.INCONCLUSIVE, value=value.value, reason=reason)


DEVICE_BOUND = frozenset(
    {
        "speedup",
        "memory_cut",
        "latency_variation",
        "peak_bytes",
        "decode_tok_s",
        "prefill_tok_s",
        "ttft_ms",
        "load_s",
    }
)
"""Metrics whose figures are those of the machine that measured, whatever the build is for."""


def judge_all(
    policy: Policy, values: Mapping[str, Value], *, noisy_host: bool = False, elsewhere: bool = False
) -> tuple[Verdict, ...]:
    """All gates of a policy.

    On a noisy host unsteady latency is not held against a build; where the target is another device (``elsewhere``), this
    host's speed and memory decide nothing.
    """
    verdicts = tuple(judge(gate, values.get(gate.metric)) for gate in policy.gates)
    if noisy_host:
        why = "the original breaks the same bound here: the host is too noisy to tell"
        verdicts = tuple(_excused(v, {"latency_variation"}, why) for v in verdicts)
    if elsewhere:
        verdicts = tuple(
            _excused(v, DEVICE_BOUND, "not measured on the target's device", also_passes=True)
            for v in verdicts
        )
    return verdicts


def _excused(verdict: Verdict, metrics: Collection[str], why: str, *, also_passes: bool = False) -> Verdict:
    decided = verdict.outcome is Outcome.PASS and not also_passes
    if verdict.gate.metric not in metrics or verdict.value is None or decided:
        return verdict
    return replace(verdict, outcome=Outcome.INCONCLUSIVE, reason=f"{verdict.reason}; {why}", excused=True)


def overall(verdicts: Iterable[Verdict]) -> Outcome:
    """Fail if any gate failed, else inconclusive if any is, else pass; a gate that the host excuses decides nothing."""
    outcomes = {verdict.outcome for verdict in verdicts if not verdict.excused}
    for outcome in (Outcome.FAIL, Outcome.INCONCLUSIVE):
        if outcome in outcomes:
            return outcome
    return Outcome.PASS


def shortfall(verdicts: Iterable[Verdict]) -> float:
    """How far a build is from passing: the sum of its failed gates' relative distances, 0 where none failed."""
    total = 0.0
    for verdict in verdicts:
        if verdict.outcome is Outcome.FAIL and verdict.value is not None:
            total += abs(verdict.value - verdict.gate.bound) / max(abs(verdict.gate.bound), 1e-9)
        elif verdict.outcome is Outcome.FAIL:
            total += 1.0
    return total


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.3g}"
