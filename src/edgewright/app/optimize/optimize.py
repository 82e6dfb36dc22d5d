"""``optimize``: the main job on this machine, resumable, with its record in a run directory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from edgewright.app.intake.sources import original_recipe, source_of
from edgewright.app.optimize import pipeline
from edgewright.app.optimize.options import OptimizeOptions
from edgewright.app.optimize.plan import plan
from edgewright.app.optimize.preflight import preflight
from edgewright.app.optimize.request import Request, request_of
from edgewright.app.steps.assess import assess
from edgewright.core import knowledge
from edgewright.core.decision.policy import Policy
from edgewright.core.model.facts import Source
from edgewright.core.recipe.artifact import Selection
from edgewright.core.run import Run, Status
from edgewright.inputs.config import evaluation_text
from edgewright.inputs.models import locate
from edgewright.ports import Context, Journal

_CONTEXT = 4096
_RETRIED = {Status.FAILED, Status.UNAVAILABLE, Status.PLANNED, Status.BUILT, Status.SCORED}


def optimize(context: Context, model: str, options: OptimizeOptions) -> Run:
    """Build a model in every framework that suits the target, compare, measure, gate, and choose.

    The best build is confirmed in full before it is recommended. The same call again resumes: finished work is not redone.
    The returned run may hold no choice; ``run.best`` is then None and ``run.choice`` names the nearest miss.

    Raises:
        EdgewrightError: nothing could be compared; the message names the cause and the next step.
    """
    knowledge.target(options.target)
    names = tuple(knowledge.framework_name(name, context.backends) for name in options.frameworks)
    options = replace(options, frameworks=names)
    text = evaluation_text(options.eval_data)
    origin = locate(model, offline=context.offline, trust=options.trust, base=options.base)
    directory = Path(options.out) if options.out else Path("runs") / f"{origin.name}-{options.target}"
    with context.runs.hold(directory):
        context = replace(context, logs=directory.resolve() / "logs")
        source = source_of(context, origin, options.trust)
        return run_source(
            context,
            source,
            request_of(options, text, context.task(source.facts.task).policy),
            directory,
            target=options.target,
            frameworks=names,
        )


def run_source(
    context: Context,
    source: Source,
    request: Request,
    directory: Path,
    *,
    target: str,
    frameworks: tuple[str, ...] = (),
    check: Callable[[], object] = lambda: None,
) -> Run:
    """Optimize a prepared source into a directory that the caller holds; ``check`` may refuse it before anything is recommended."""
    context = replace(context, logs=directory.resolve() / "logs")
    backends = list(context.backends.values())
    assessment = assess(
        source.name,
        source.facts,
        context.probe.host(brief=True),
        knowledge.target(target),
        backends,
        {name: context.toolchains.state(spec) for name, spec in context.specs.items()},
        context=min(_CONTEXT, source.facts.context or _CONTEXT),
    )
    task = context.task(source.facts.task)
    policy = replace(request.policy.within(assessment.target.limits), axes=task.policy.axes)
    request = replace(request, policy=policy)
    planned = plan(
        assessment,
        backends,
        frameworks=frameworks,
        only=request.only,
        prunings=request.prunings,
        max_size_bytes=_max_size(request.policy),
        baseline=original_recipe(context, source),
    )
    code = {b.name: b.toolchain.builder.digest + b.code_digest for b in (context.reference, *backends)}
    key = pipeline.plan_key(source, planned, request, assessment.host.device_id, code)
    journal = context.runs.journal(directory, key)
    run = finished(context, directory, key, request.policy)
    if run is None:
        preflight(source, planned, assessment.host)
        needed = [context.backend(name).toolchain.builder for name in planned.frameworks()]
        with context.toolchains.ahead(needed, context.reporter.tell):
            run = pipeline.optimize(
                context, journal, request, source, assessment, planned, key=key, check=check
            )
    return exported(context, journal, run)


def exported(context: Context, journal: Journal, run: Run) -> Run:
    """The run with its chosen build beside its record, whose manifest says what it was chosen as."""
    best = run.best
    if best is None or best.artifact is None:
        context.runs.remove_export(journal.path)
    elif run.exported != best.id or context.runs.exported(journal.path) is None:
        selected = Selection(trial=best.id, runtime=best.recipe.runtime, run=run.key)
        context.runs.export(best.artifact, selected, journal.path)
    name = best.id if best else ""
    if name != run.exported:
        run = replace(run, exported=name)
        journal.save(run)
    return run


def finished(context: Context, directory: Path, key: str, policy: Policy) -> Run | None:
    """The run in the directory, if it is this one, judged by this policy, and nothing is left to do."""
    if not context.runs.exists(directory):
        return None
    run = context.runs.read(directory)
    unfinished = run.finished_s is None or any(trial.status in _RETRIED for trial in run.trials)
    if run.key != key or run.policy != policy or unfinished:
        return None
    return replace(run, directory=str(directory.resolve()))


def _max_size(policy: Policy) -> float | None:
    return next((gate.at_most for gate in policy.gates if gate.metric == "size_bytes"), None)
