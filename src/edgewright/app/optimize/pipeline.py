"""The steps of the main job in their order: from a prepared source to a run with one choice."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace

from edgewright.app.optimize.confirm import confirm
from edgewright.app.optimize.direct import answer, is_direct
from edgewright.app.optimize.dry_run import needs_dry_run, tiny_source
from edgewright.app.optimize.eligibility import enter, slow_to_install
from edgewright.app.optimize.eta import Estimating
from edgewright.app.optimize.explore import explore
from edgewright.app.optimize.measurements import Measurements
from edgewright.app.optimize.record import RunRecord
from edgewright.app.optimize.request import Request
from edgewright.app.optimize.scoring import reference
from edgewright.app.optimize.searching import search
from edgewright.app.optimize.setup import Setup
from edgewright.app.optimize.state import State
from edgewright.core.decision.assessment import Assessment
from edgewright.core.keys import digest
from edgewright.core.measurement.records import PROTOCOL_VERSION
from edgewright.core.model.facts import Source
from edgewright.core.recipe.recipes import Plan
from edgewright.core.run import Run, Status, Trial
from edgewright.ports import Context, Journal
from edgewright.reasons import because


def optimize(
    context: Context,
    journal: Journal,
    request: Request,
    source: Source,
    assessment: Assessment,
    plan: Plan,
    *,
    key: str,
    check: Callable[[], object] = lambda: None,
) -> Run:
    """Build, compare, time, gate and choose. Interrupted at any point, the same call goes on from there.

    ``check`` may still refuse the source, before anything is recommended.

    Raises:
        EdgewrightError: the original cannot be scored, or the text is too short; a failing candidate never raises.
    """
    state = _begin(context, journal, request, source, assessment, plan, key=key)
    reference(state)
    tiny = tiny_source(state) if needs_dry_run(state) else None
    late = [framework for framework in plan.frameworks() if slow_to_install(state, framework)]
    early = [framework for framework in plan.frameworks() if framework not in late]
    # What shows in a minute shows before the hours are spent. Without a dry run, each is begun when its toolchain is there.
    entered = enter(state, early, tiny) if tiny else early
    estimating = Estimating(context.reporter, context.clock, state.units_left)
    state = replace(state, setup=replace(state.setup, context=replace(context, reporter=estimating)))
    direct = is_direct(request, plan)
    try_builds = answer if direct else explore
    for framework in (*entered, *late):  # figures of the others come before those that take long to install
        with estimating.aside():
            ready = [framework] if tiny and framework in entered else enter(state, [framework], tiny)
        for name in ready:
            try_builds(state, name)
    if request.searches:
        search(state)
    check()
    choice = confirm(state, direct=direct)
    record = state.record
    record.run = replace(record.run, choice=choice, finished_s=context.clock.now_s())
    record.event("finished", chosen=choice.chosen)
    record.save()
    return record.run


def plan_key(source: Source, plan: Plan, request: Request, device: str, code: Mapping[str, str]) -> str:
    """What is measured, where and how. The policy is not part of it: a new policy only judges anew."""
    return digest(
        [
            PROTOCOL_VERSION,
            source.digest,
            [[r.id, r.build, r.runtime] for r in plan.candidates],
            [request.text.sha256, request.tokens, request.context, request.calibration_tokens],
            [request.target_bytes, request.target_bpw, request.smallest],
            [request.workload, request.pace, request.confirmation, request.tuning_rounds],
            [request.searches, request.seed, request.by_name],
            device,
            code,
        ]
    )


def _begin(
    context: Context,
    journal: Journal,
    request: Request,
    source: Source,
    assessment: Assessment,
    plan: Plan,
    *,
    key: str,
) -> State:
    exam = context.task(source.facts.task).exam(context, source, request.exam)
    trials = _planned(plan)
    run = Run(
        key=key,
        edgewright=context.version,
        started_s=context.clock.now_s(),
        finished_s=None,
        source=source,
        assessment=assessment,
        data=exam.data,
        workload=request.workload,
        policy=request.policy,
        baseline=Trial(recipe=plan.baseline),
        trials=tuple(trials.values()),
        notes=tuple(because("left_out", framework=name, text=text) for name, text in plan.unfit.items()),
        directory=str(journal.path),
    )
    now = context.clock.monotonic_s()
    setup = Setup(
        context=context,
        request=request,
        source=source,
        assessment=assessment,
        plan=plan,
        exam=exam,
        deadline_s=now + request.budget_s if request.budget_s else None,
    )
    rng = random.Random(request.seed)  # an order of measurements, no secret
    return State(
        setup=setup,
        measured=Measurements(journal=journal, rng=rng, rounds=journal.rounds(key)),
        record=RunRecord(run, journal, context.reporter),
    )


def _planned(plan: Plan) -> dict[str, Trial]:
    """A trial for each candidate, and for each that is not built, with the reason."""
    trials = {recipe.id: Trial(recipe=recipe) for recipe in plan.candidates}
    for skipped in plan.skipped:
        trials[skipped.recipe.id] = Trial(recipe=skipped.recipe, status=Status.SKIPPED, reason=skipped.reason)
    return trials
