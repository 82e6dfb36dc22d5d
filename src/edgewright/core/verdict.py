"""Three-valued verdicts: a gate is passed, failed, or the measurement cannot tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from edgewright.core.policy import Gate, Policy
from edgewright.core.quantity import METRICS, Label, Value, widened


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


STEADINESS = frozenset({"latency_variation", "block_variation", "latency_drift"})
"""Metrics of steadiness. Their figure itself passes a gate, and only their whole interval fails it: scatter has wide
intervals, and a build is not called unsteady for what its host may have done. They are judged in a confirmation only."""

MEMORY = frozenset({"peak_bytes", "memory_cut"})

TIMING = STEADINESS | frozenset(
    {
        "speedup",
        "decode_tok_s",
        "prefill_tok_s",
        "throughput_tok_s",
        "ttft_ms",
        "e2e_ms",
        "itl_p50_ms",
        "itl_p90_ms",
        "itl_p95_ms",
        "itl_p99_ms",
        "load_s",
    }
)

DEVICE_BOUND = TIMING | MEMORY
"""Metrics whose figures are those of the machine that measured, whatever the build is for."""


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What limits the verdicts of a measurement, beside its figures; reasons are by metric, in words.

    ``doubts`` make a gate inconclusive. ``excuses`` do too, unless it is passed, and it then decides nothing;
    ``elsewhere`` excuses whatever this machine cannot tell of another device. Steadiness is judged if ``confirmed``; a
    ``provisional`` look does without it. ``swing`` is how many times faster the host was at its fastest than at its
    slowest, where that is so much that times are judged with as much more room.
    """

    confirmed: bool = True
    provisional: bool = False
    doubts: Mapping[str, str] = field(default_factory=dict)
    excuses: Mapping[str, str] = field(default_factory=dict)
    elsewhere: bool = False
    swing: float = 1.0


def judge(gate: Gate, value: Value | None) -> Verdict:
    """Hold a value against a gate: its whole interval must be on one side, where it has one."""
    title = METRICS[gate.metric].title.lower()
    if value is None or value.value is None:
        why = value.reason if value else "not measured"
        return Verdict(
            gate=gate, outcome=Outcome.INCONCLUSIVE, value=None, reason=f"{title} has no figure: {why}"
        )
    figure = f"{title} {_number(value.value)} against {gate.sign} {_number(gate.bound)}"
    if value.label is Label.ESTIMATED:
        why = f"{figure} is an estimate ({value.method}), and an estimate decides no gate"
        return Verdict(gate=gate, outcome=Outcome.INCONCLUSIVE, value=value.value, reason=why)
    holds = gate.holds(value.value)
    if value.ci_low is None or value.ci_high is None:
        return _verdict(gate, value, figure, passed=holds, failed=not holds)
    span = f"{figure}, interval {_number(value.ci_low)} to {_number(value.ci_high)}"
    low, high = gate.holds(value.ci_low), gate.holds(value.ci_high)
    passed = holds if gate.metric in STEADINESS else low and high
    return _verdict(gate, value, span, passed=passed, failed=not low and not high)


def _verdict(gate: Gate, value: Value, reason: str, *, passed: bool, failed: bool) -> Verdict:
    outcome = Outcome.PASS if passed else Outcome.FAIL if failed else Outcome.INCONCLUSIVE
    if outcome is Outcome.INCONCLUSIVE:
        reason += " holds the bound: more data would be needed to tell"
    return Verdict(gate=gate, outcome=outcome, value=value.value, reason=reason)


def judge_all(
    policy: Policy, values: Mapping[str, Value], circumstances: Circumstances | None = None
) -> tuple[Verdict, ...]:
    """All gates of a policy under what is known of the measurement."""
    around = circumstances or Circumstances()
    return tuple(_under(around, _judged(around, gate, values.get(gate.metric))) for gate in policy.gates)


def _judged(around: Circumstances, gate: Gate, value: Value | None) -> Verdict:
    if value is None or value.value is None or around.swing == 1.0 or gate.metric not in TIMING - STEADINESS:
        return judge(gate, value)
    low = value.value if value.ci_low is None else value.ci_low
    high = value.value if value.ci_high is None else value.ci_high
    low, high = widened(low, high, around.swing)
    verdict = judge(gate, replace(value, ci_low=low, ci_high=high))
    return replace(
        verdict,
        reason=f"{verdict.reason} ({around.swing:.2f} times wider: the host's own speed swung so far)",
    )


def _under(around: Circumstances, verdict: Verdict) -> Verdict:
    metric = verdict.gate.metric
    if verdict.value is None and metric not in around.excuses:
        return verdict
    if around.elsewhere and metric in DEVICE_BOUND:
        return _open(verdict, "not measured on the target's device", excused=True)
    if metric in STEADINESS and not around.confirmed:
        return _open(verdict, "steadiness is judged when a build is confirmed", excused=around.provisional)
    if metric in around.doubts:
        return _open(verdict, around.doubts[metric])
    if metric in around.excuses and verdict.outcome is not Outcome.PASS:
        return _open(verdict, around.excuses[metric], excused=True)
    return verdict


def _open(verdict: Verdict, why: str, *, excused: bool = False) -> Verdict:
    reason = f"{verdict.reason}; {why}"
    return replace(verdict, outcome=Outcome.INCONCLUSIVE, reason=reason, excused=excused)


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
