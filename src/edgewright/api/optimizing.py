"""``optimize``: the main job on this machine, resumable, with its record in a run directory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edgewright import __version__
from edgewright.api.intake import original_recipe, source_of
from edgewright.api.quiet import Quiet
from edgewright.config import evaluation_text
from edgewright.core import knowledge
from edgewright.core.artifact import MANIFEST_NAME
from edgewright.core.measurement import Workload
from edgewright.core.model import Source
from edgewright.core.policy import Policy
from edgewright.core.pruning import Pruning
from edgewright.core.run import Run, Status
from edgewright.pipeline import optimize as pipeline
from edgewright.pipeline.request import BRIEF, Confirmation, Request
from edgewright.ports import Reporter
from edgewright.report.html import draw
from edgewright.runtime.export import BEST, export_build, remove_export
from edgewright.runtime.models import Trust, locate
from edgewright.runtime.rundir import RECORD, RunDirectory, open_run_directory, read_run
from edgewright.stages.assess import assess
from edgewright.stages.plan import plan
from edgewright.stages.preflight import preflight
from edgewright.wiring import Wiring

_CONTEXT = 4096
_FEW_CALIBRATION_TOKENS = 4096
"""Enough for an importance matrix where one framework is asked for a quick answer."""
_RETRIED = {Status.FAILED, Status.UNAVAILABLE, Status.PLANNED, Status.BUILT, Status.SCORED}


def optimize(
    model: str,
    *,
    target: str = "this-machine",
    frameworks: Sequence[str] = (),
    only: Sequence[str] = (),
    prune: Sequence[Pruning] = (),
    policy: Policy | None = None,
    eval_data: str | Path | None = None,
    out: str | Path | None = None,
    budget_s: float | None = None,
    budget_trials: int | None = None,
    disk_quota: float | None = None,
    seed: int = 0,
    offline: bool = False,
    allow_pickle: bool = False,
    allow_remote_code: bool = False,
    base: str = "",
    tokens: int = 2048,
    context: int = 512,
    workload: Workload | None = None,
    quick: bool = False,
    target_size: float | None = None,
    target_bpw: float | None = None,
    smallest: bool = False,
    reporter: Reporter | None = None,
) -> Run:
    """Build a model in every framework that suits the target, compare, measure, gate, and choose.

    ``base`` is the model that a LoRA adapter belongs on, where the adapter does not name one that is here.
    ``frameworks`` and ``only`` (patterns of builds' names, such as ``llamacpp/q4*``) leave the others out; ``prune`` adds
    builds of pruned copies of the model. With ``budget_s`` or ``budget_trials`` everything that the frameworks can build is
    searched until that is spent; ``seed`` decides what is drawn, and beyond ``disk_quota`` bytes of builds those that others
    beat are dropped.

    The best build is confirmed in full before it is recommended; ``quick`` confirms briefly, which decides only what is far
    from every bound. ``target_size`` (bytes) or ``target_bpw`` (bits per weight) also ask for builds of that size whose
    types are allocated to tensors by what quantizing each costs; ``smallest`` for the smallest of them that keeps the gates on
    accuracy.

    The same call again resumes: finished work is not redone. The returned run may hold no choice; ``run.best`` is then
    None and ``run.choice`` names the nearest miss.

    Raises:
        EdgewrightError: nothing could be compared; the message names the cause and the next step.
    """
    knowledge.target(target)
    wiring = Wiring(offline)
    names = [knowledge.framework_name(name, wiring.backends) for name in frameworks]
    text = evaluation_text(eval_data)
    trust = Trust(allow_pickle=allow_pickle, allow_remote_code=allow_remote_code)
    origin = locate(model, offline=offline, trust=trust, base=base)
    directory = Path(out) if out else Path("runs") / f"{origin.name}-{target}"
    request = Request(
        text=text,
        policy=policy or Policy(),
        tokens=tokens,
        context=context,
        workload=workload or Workload(),
        only=tuple(only),
        prunings=tuple(prune),
        budget_s=budget_s,
        budget_trials=budget_trials,
        disk_bytes=disk_quota,
        seed=seed,
        confirmation=BRIEF if quick else Confirmation(),
        calibration_tokens=_FEW_CALIBRATION_TOKENS
        if quick and len(names) == 1
        else Request.calibration_tokens,
        target_bytes=target_size,
        target_bpw=target_bpw,
        smallest=smallest,
    )
    with open_run_directory(directory):
        shop = wiring.workshop(reporter or Quiet(), directory.resolve() / "logs")
        source = source_of(shop, origin, trust)
        return run_source(
            wiring, source, request, directory, target=target, frameworks=names, reporter=reporter
        )


def run_source(
    wiring: Wiring,
    source: Source,
    request: Request,
    directory: Path,
    *,
    target: str,
    frameworks: Sequence[str] = (),
    reporter: Reporter | None,
) -> Run:
    """Optimize a prepared source into a directory that the caller holds."""
    shop = wiring.workshop(reporter or Quiet(), directory.resolve() / "logs")
    backends = list(wiring.backends.values())
    assessment = assess(
        source.name,
        source.facts,
        wiring.probe.host(brief=True),
        knowledge.target(target),
        backends,
        {name: wiring.toolchains.state(spec) for name, spec in wiring.specs.items()},
        context=min(_CONTEXT, source.facts.context or _CONTEXT),
    )
    request = replace(request, policy=request.policy.within(assessment.target.limits))
    planned = plan(
        assessment,
        backends,
        frameworks=frameworks,
        only=request.only,
        prunings=request.prunings,
        max_size_bytes=_max_size(request.policy),
        baseline=original_recipe(wiring, source),
    )
    code = {b.name: b.toolchain.digest + b.code_digest for b in (wiring.reference, *backends)}
    key = pipeline.plan_key(source, planned, request, assessment.host.device_id, code)
    journal = RunDirectory(directory.resolve(), wiring.clock, draw, key)
    run = _finished(directory, key, request.policy)
    if run is None:
        preflight(source, planned, assessment.host)
        run = pipeline.optimize(
            shop, journal, request, source, assessment, planned, version=__version__, key=key
        )
    return _exported(wiring, journal, run)


def _exported(wiring: Wiring, journal: RunDirectory, run: Run) -> Run:
    """The run with its chosen build in ``best/``, whose manifest names the runtime options it was chosen with."""
    place, best = journal.path / BEST, run.best
    if best is None or best.artifact is None:
        remove_export(place)
    elif run.exported != best.id or not place.is_dir():
        export_build(best.artifact, place)
        wiring.files.write(place / MANIFEST_NAME, replace(best.artifact.manifest, recipe=best.recipe))
    exported = best.id if best else ""
    if exported != run.exported:
        run = replace(run, exported=exported)
        journal.save(run)
    return run


def _finished(directory: Path, key: str, policy: Policy) -> Run | None:
    """The run in the directory, if it is this one, judged by this policy, and nothing is left to do."""
    if not (directory / RECORD).exists():
        return None
    run = read_run(directory)
    unfinished = run.finished_s is None or any(trial.status in _RETRIED for trial in run.trials)
    if run.key != key or run.policy != policy or unfinished:
        return None
    return replace(run, directory=str(directory.resolve()))


def _max_size(policy: Policy) -> float | None:
    return next((gate.at_most for gate in policy.gates if gate.metric == "size_bytes"), None)
