"""The whole main job in its order: from a prepared source to a run with one choice."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from edgewright.app.intake.proving import parity_texts
from edgewright.app.optimize.confirm import confirm
from edgewright.app.optimize.direct import answer, is_direct, needs_dry_run
from edgewright.app.optimize.dry_run import tiny_source
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
from edgewright.core import knowledge
from edgewright.core.decision.assessment import Assessment
from edgewright.core.keys import digest
from edgewright.core.measurement.data import Calibration, Ids, Parts, split
from edgewright.core.measurement.records import PROTOCOL_VERSION, Prompts
from edgewright.core.model.facts import Source
from edgewright.core.recipe.recipes import Plan
from edgewright.core.run import EvaluationData, Run, Status, Trial
from edgewright.errors import InputError
from edgewright.ports import Context, Journal, Tokenizer


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
    tokenizer = context.files.tokenizer(Path(source.path))
    ids = tokenizer.encode(request.text.content)
    parts = parts_of(ids, request)
    begin = tokenizer.begin_ids()
    trials = _planned(plan)
    run = Run(
        key=key,
        edgewright=context.version,
        started_s=context.clock.now_s(),
        finished_s=None,
        source=source,
        assessment=assessment,
        data=replace(_data(request, parts), begins_with=begin),
        workload=request.workload,
        policy=request.policy,
        baseline=Trial(recipe=plan.baseline),
        trials=tuple(trials.values()),
        notes=tuple(f"{name} takes no part: {reason}" for name, reason in plan.unfit.items()),
        directory=str(journal.path),
    )
    now = context.clock.monotonic_s()
    setup = Setup(
        context=context,
        request=request,
        source=source,
        assessment=assessment,
        plan=plan,
        parts=parts,
        calibration=_calibration(tokenizer, parts.calibration[: request.calibration_tokens], begin),
        parity_texts=parity_texts(tokenizer),
        begin=begin,
        prompt=(*begin, *ids)[: request.workload.prompt_tokens],
        prompts=_prompts(tokenizer),
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


def _data(request: Request, parts: Parts) -> EvaluationData:
    return EvaluationData(
        name=request.text.name,
        sha256=request.text.sha256,
        tokens=len(parts.explored),
        held_out_tokens=sum(len(segment) for segment in parts.held_out),
        context=request.context,
        parts=parts.digests(),
        repeated_windows=parts.repeated,
    )


def _prompts(tokenizer: Tokenizer) -> Prompts:
    turns = (tokenizer.chat(line) for line in knowledge.text("prompts.txt").splitlines())
    return Prompts(ids=tuple(tuple(tokenizer.encode(turn)) for turn in turns), stop=tokenizer.stop_ids())


def _calibration(tokenizer: Tokenizer, ids: Ids, begin: Ids) -> Calibration:
    return Calibration(ids=ids, text=tokenizer.decode(list(ids)), begin=begin)


def parts_of(ids: list[int], request: Request) -> Parts:
    """Explored, held-out and calibration ids.

    Raises:
        InputError: fewer than 64 tokens, or fewer than the workload's prompt.
    """
    if len(ids) < 64:
        raise InputError(
            f"The evaluation text {request.text.name} has {len(ids)} tokens, too few to compare anything.",
            hint="Give a text of at least some thousand words with --eval-data.",
        )
    if len(ids) < request.workload.prompt_tokens:
        raise InputError(
            f"The workload's prompt has {request.workload.prompt_tokens} tokens, and {request.text.name} {len(ids)}.",
            hint="Give a longer text with --eval-data, or a workload with a shorter prompt.",
        )
    looks = request.confirmation.tokens
    return split(ids, context=request.context, explored=request.tokens, looks=looks)
