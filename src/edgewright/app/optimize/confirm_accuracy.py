"""A build's accuracy on held-out data, looked at until every gate on it is decided."""

from __future__ import annotations

from dataclasses import replace

from edgewright.app.optimize.scoring import score_build, score_reference
from edgewright.app.optimize.state import State
from edgewright.core.decision.verdict import Outcome, Verdict, judge, overall
from edgewright.core.jobs.results import Failure
from edgewright.core.measurement.data import Part, PartKind
from edgewright.core.measurement.quantity import METRICS, Value
from edgewright.core.run import Trial
from edgewright.ports.task import Scored
from edgewright.reasons import because


def confirm_accuracy(state: State, trial: Trial) -> Outcome:
    """Look after each segment of held-out text until every gate on accuracy is decided; the figures replace the explored.

    With the first segment a few prompts are answered too: a build that talks much longer or shorter has changed.
    """
    parts: list[Scored] = []
    originals: list[Scored] = []
    gates = [g for g in state.setup.request.policy.gates if not METRICS[g.metric].is_device_bound]
    values: dict[str, Value] = {}
    verdicts: list[Verdict] = []
    for number in range(state.setup.exam.held_out):
        state.setup.context.reporter.phase(f"confirming the accuracy of {trial.id} on held-out data")
        part = Part(kind=PartKind.HELD_OUT, number=number)
        original, reference = score_reference(state, part)
        answer = score_build(state, trial.recipe, trial.artifact, part=part, reference=reference)
        if isinstance(answer, Failure):
            state.record.fail(trial.recipe, answer, "held-out text")
            return Outcome.FAIL
        parts.append(answer)
        originals.append(original)
        values |= state.setup.exam.accuracy(parts, originals)
        verdicts = [judge(gate, values[gate.metric]) for gate in gates if gate.metric in values]
        if all(verdict.outcome is not Outcome.INCONCLUSIVE for verdict in verdicts):
            break
    if not parts:
        state.record.note(because("no_held_out"))
        return Outcome.PASS
    explored = trial.explored or trial.values
    state.record.update(
        replace(trial, values={**trial.values, **values}, explored=explored), "confirmed-accuracy"
    )
    outcome = overall(verdicts)
    if outcome is Outcome.FAIL:
        lost = next(v for v in verdicts if v.outcome is Outcome.FAIL)
        metric, bound = lost.gate.metric, lost.gate.bound
        why = because("lost_held_out", metric=metric, value=lost.value or 0.0, bound=bound)
        state.record.refute(trial.id, why)
    return outcome
