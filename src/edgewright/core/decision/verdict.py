"""Three-valued verdicts: a gate is passed, failed, or the measurement cannot tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import exp

from edgewright.core.decision.policy import Gate, Policy
from edgewright.core.measurement.quantity import METRICS, Kind, Label, Value
from edgewright.core.statistics.looks import z
from edgewright.core.statistics.ratio import ASSUMED_SCATTER
from edgewright.reasons import Reason, because


class Outcome(StrEnum):
    """What a gate says of a build."""

    PASS = "pass"  # noqa: S105  # a verdict
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


class Needs(StrEnum):
    """What would decide a gate that is open."""

    ROUNDS = "rounds"
    TEXT = "text"
    QUIET_HOST = "quiet_host"
    CONFIRMATION = "confirmation"
    MEMORY = "memory"
    DEVICE = "device"
    FIGURE = "figure"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One gate's answer: the figure it was given with its interval, and why that does not decide it, where it does not.

    ``excused``: the host cannot tell (the original itself breaks the bound here), so the gate decides nothing.
    ``needs`` says what would decide a gate that is inconclusive; None where it is decided, and in older records.
    """

    gate: Gate
    outcome: Outcome
    value: float | None
    ci_low: float | None = None
    ci_high: float | None = None
    why: tuple[Reason, ...] = ()
    excused: bool = False
    needs: Needs | None = None

    @property
    def is_open(self) -> bool:
        """Whether it keeps a build from passing without failing it."""
        return self.outcome is Outcome.INCONCLUSIVE and not self.excused


BETWEEN_BLOCKS = frozenset({"block_variation", "latency_drift"})
"""Steadiness that each block tells one figure of."""


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What limits the verdicts of a measurement, beside its figures; reasons are by metric.

    ``doubts`` make a gate inconclusive. ``excuses`` do too, unless it is passed, and it then decides nothing;
    ``elsewhere`` excuses whatever this machine cannot tell of another device. Steadiness is judged if ``confirmed``; a
    look at what was ``explored`` does without it. Its figure itself passes a gate, and only its whole interval fails it:
    scatter has wide intervals, and a build is not called unsteady for what its host may have done. What is
    ``early`` does not pass before more rounds.
    """

    confirmed: bool = True
    explored: bool = False
    doubts: Mapping[str, Reason] = field(default_factory=dict)
    excuses: Mapping[str, Reason] = field(default_factory=dict)
    early: Mapping[str, Reason] = field(default_factory=dict)
    elsewhere: bool = False


def judge(gate: Gate, value: Value | None) -> Verdict:
    """Hold a value against a gate: its whole interval must be on one side, where it has one."""
    if value is None or value.value is None:
        why = value.reason if value and value.reason else because("not_measured")
        return _undecided(gate, value, why, Needs.FIGURE)
    if value.label is Label.ESTIMATED:
        return _undecided(gate, value, because("estimate", method=value.method), Needs.FIGURE)
    holds = gate.holds(value.value)
    if value.ci_low is None or value.ci_high is None:
        return _verdict(gate, value, passed=holds, failed=not holds)
    low, high = gate.holds(value.ci_low), gate.holds(value.ci_high)
    passed = holds if METRICS[gate.metric].kind is Kind.STEADINESS else low and high
    return _verdict(gate, value, passed=passed, failed=not low and not high)


def _verdict(gate: Gate, value: Value, *, passed: bool, failed: bool) -> Verdict:
    if passed or failed:
        outcome = Outcome.PASS if passed else Outcome.FAIL
        low, high = value.ci_low, value.ci_high
        return Verdict(gate=gate, outcome=outcome, value=value.value, ci_low=low, ci_high=high)
    needs = Needs.ROUNDS if METRICS[gate.metric].is_device_bound else Needs.TEXT
    return _undecided(gate, value, because("interval_contains_bound"), needs)


def _undecided(gate: Gate, value: Value | None, why: Reason, needs: Needs) -> Verdict:
    number, low, high = (value.value, value.ci_low, value.ci_high) if value else (None, None, None)
    return Verdict(
        gate=gate,
        outcome=Outcome.INCONCLUSIVE,
        value=number,
        ci_low=low,
        ci_high=high,
        why=(why,),
        needs=needs,
    )


def judge_all(
    policy: Policy, values: Mapping[str, Value], circumstances: Circumstances | None = None
) -> tuple[Verdict, ...]:
    """All gates of a policy under what is known of the measurement."""
    around = circumstances or Circumstances()
    return tuple(
        _under(around, judge(gate, _with_room(gate, values.get(gate.metric)))) for gate in policy.gates
    )


def _with_room(gate: Gate, value: Value | None) -> Value | None:
    """The figure of a single block with the room that one draw needs: it decides a gate on time only from far away."""
    single = value is not None and value.value is not None and value.ci_low is None and value.n <= 1
    if value is None or not single or METRICS[gate.metric].kind is not Kind.SPEED:
        return value
    room, number = exp(z() * ASSUMED_SCATTER), float(value.value or 0.0)
    return replace(value, ci_low=number / room, ci_high=number * room)


def _under(around: Circumstances, verdict: Verdict) -> Verdict:
    metric = verdict.gate.metric
    if verdict.value is None and metric not in {*around.excuses, *around.doubts}:
        return verdict
    if around.elsewhere and METRICS[metric].is_device_bound:
        return _open(verdict, because("not_on_device"), Needs.DEVICE, excused=True)
    if METRICS[metric].kind is Kind.STEADINESS and not around.confirmed:
        why = because("steadiness_unconfirmed")
        return _open(verdict, why, Needs.CONFIRMATION, excused=around.explored)
    if metric in around.doubts:
        return _open(
            verdict,
            around.doubts[metric],
            Needs.MEMORY if METRICS[metric].kind is Kind.MEMORY else Needs.QUIET_HOST,
        )
    if metric in around.early and verdict.outcome is Outcome.PASS:
        verdict = _open(verdict, around.early[metric], Needs.ROUNDS)
    if metric in around.excuses and verdict.outcome is not Outcome.PASS:
        return _open(verdict, around.excuses[metric], Needs.QUIET_HOST, excused=True)
    return verdict


def _open(verdict: Verdict, why: Reason, needs: Needs, *, excused: bool = False) -> Verdict:
    reasons = (*verdict.why, why)
    return replace(verdict, outcome=Outcome.INCONCLUSIVE, why=reasons, excused=excused, needs=needs)


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
