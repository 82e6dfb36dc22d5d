"""The exhaustive measurement: every build that the frameworks declare, built, scored and timed once, with what each took.

``python -m benchmarks search measure [FRAMEWORK ...]`` (an hour and more on two cores). Called again after an
interruption it goes on. It writes ``smollm2.json`` beside this file, framework by framework: what the search is held
against ever after.
"""

from __future__ import annotations

import os
import platform
import shutil
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.checks import OUT
from benchmarks.search.data import FILE, Data, Measured, Part, add
from benchmarks.search.timed import TimedEnvironment
from benchmarks.search.world import TIMES
from edgewright.api import benchmark
from edgewright.app.demo import demo_source
from edgewright.app.optimize.optimize import run_source
from edgewright.app.optimize.request import Confirmation, Request
from edgewright.app.steps.sensitivity import sensitivity
from edgewright.cli.progress import TerminalReporter
from edgewright.core.decision.policy import Policy
from edgewright.core.jobs.results import Failure
from edgewright.core.measurement.compared import Benchmarked
from edgewright.core.measurement.records import QUICK
from edgewright.core.measurement.speed import ratio_of
from edgewright.core.model.facts import Source
from edgewright.core.prediction.expectation import FIGURES
from edgewright.core.recipe.sensitivity import Sensitivity
from edgewright.core.run import Run, Status, Trial
from edgewright.environment import Environment
from edgewright.inputs.config import evaluation_text
from edgewright.ports import Context, Reporter
from edgewright.report.sentences import sentence
from edgewright.sites.local.home import Home
from edgewright.sites.local.rundir import open_run_directory

_FOLDER = OUT / "search"
"""A store and runs of its own, kept until all is measured."""

_ROUNDS = 3
_ORIGINAL = "original"


def measure(frameworks: Sequence[str]) -> None:
    """Measure these frameworks, or all, one after the other in a store of its own; what each gave is written at once."""
    with TerminalReporter() as reporter:
        environment = _wiring()
        context = environment.context(_FOLDER / "logs", reporter)
        source = demo_source(context)
        data = Data(model=source.name, facts=source.facts, table=_table(context, source))
        for framework in frameworks or environment.backends:
            run = _exhausted(environment, source, framework, reporter)
            part = _part(environment, run, framework, _timed(run, source, reporter))
            add(data, framework, part)
            print(f"{framework}: {len(part.builds)} builds; {FILE}", flush=True)
    shutil.rmtree(_FOLDER)


def _wiring() -> TimedEnvironment:
    """With a store of its own, on the toolchains that are there."""
    real, root = Home.from_environment().root, _FOLDER / "home"
    root.mkdir(parents=True, exist_ok=True)
    for shared in ("toolchains", "downloads"):
        if not (root / shared).exists():
            (root / shared).symlink_to(real / shared)
    os.environ["EDGEWRIGHT_HOME"] = str(root)
    return TimedEnvironment(offline=True)


def _table(context: Context, source: Source) -> Sensitivity:
    request = Request(text=evaluation_text(None), policy=Policy(gates=()))
    ids = context.files.tokenizer(Path(source.path)).encode(request.text.content)[
        -request.calibration_tokens :
    ]
    table = sensitivity(context, source, tuple(ids), _FOLDER / "sensitivity.log")
    if isinstance(table, Failure):
        raise RuntimeError(table.reason)  # noqa: TRY004  # a reason, not a type
    return table


def _exhausted(environment: Environment, source: Source, framework: str, reporter: Reporter) -> Run:
    """Every declared build of one framework: built, scored and timed as a search does it."""
    out = _FOLDER / framework
    request = Request(
        text=evaluation_text(None),
        policy=Policy(gates=()),
        only=_for_this_host(environment, source, framework),
        confirmation=Confirmation(turns=0),
        tuning_rounds=0,
    )
    with open_run_directory(out):
        return run_source(
            environment.context(out / "logs", reporter),
            source,
            request,
            out,
            target="this-machine",
            frameworks=(framework,),
        )


def _timed(run: Run, source: Source, reporter: Reporter) -> Mapping[str, Benchmarked]:
    """All its builds and the original again in common rounds: one quick look is too little for data that stay."""
    built = [trial for trial in run.trials if trial.status is Status.MEASURED and trial.artifact]
    paths = [source.path, *(trial.artifact.path for trial in built if trial.artifact)]
    answer = benchmark(paths, rounds=_ROUNDS, pace=QUICK, offline=True, reporter=reporter)
    return dict(zip([_ORIGINAL, *(trial.id for trial in built)], answer.arms, strict=True))


def _with_speeds(row: Measured, run: Run, timed: Mapping[str, Benchmarked]) -> Measured:
    """Its times as ratios to the original's of the same rounds, by what the original took when the run timed it."""
    if row.id not in timed:
        return row
    figures = dict(row.figures)
    for name in TIMES:
        ratio = ratio_of(timed[row.id].blocks, timed[_ORIGINAL].blocks, name).value
        original = run.baseline.values[name].value
        if ratio is not None and original is not None:
            figures[name] = ratio * original
    return replace(row, figures=figures)


def _part(environment: TimedEnvironment, run: Run, framework: str, timed: Mapping[str, Benchmarked]) -> Part:
    first, *others = environment.backends[framework].recipes(run.source.facts)
    lead = next(recipe for recipe in others if not recipe.auxiliary)
    starts = {first.id, lead.id, *(recipe.id for recipe in others if recipe.auxiliary)}
    cpu = run.assessment.host.cpu
    original = {name: run.baseline.values[name].value for name in FIGURES if name in run.baseline.values}
    rows = [_row(trial, starts, environment.site.runner.seconds) for trial in run.trials]
    return Part(
        measured=time.strftime("%Y-%m-%d"),
        machine=f"{platform.machine()}, {cpu.model}, {cpu.usable_cores} cores",
        original={name: value for name, value in original.items() if value is not None},
        builds=tuple(_with_speeds(row, run, timed) for row in rows),
    )


def _for_this_host(environment: Environment, source: Source, framework: str) -> tuple[str, ...]:
    """What a search here would choose from: what takes hours on such a host is left out."""
    host = environment.site.probe.host(brief=True)
    space = environment.backends[framework].space(source.facts)
    return tuple(c.recipe.id for c in space.candidates if host.meets(c.needs)) if space else ()


def _row(trial: Trial, starts: Collection[str], taken: Mapping[str, Mapping[str, float]]) -> Measured:
    figures = {name: trial.values[name].value for name in FIGURES if name in trial.values}
    spent = taken.get(trial.id.replace("/", "-"), {})
    return Measured(
        id=trial.id,
        starts=trial.id in starts,
        seconds={step: round(value, 2) for step, value in spent.items()},
        figures={name: value for name, value in figures.items() if value is not None},
        status=str(trial.status),
        reason=sentence(trial.reason),
    )
