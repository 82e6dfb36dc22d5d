"""The exhaustive measurement: every build that the frameworks declare, built, scored and timed once, with what each took.

``python -m benchmarks search measure [FRAMEWORK ...]`` (an hour and more on two cores). Called again after an
interruption it goes on. It writes ``smollm2.json`` beside this file: what the search is held against ever after.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.checks import OUT
from edgewright.api.demo import demo_source
from edgewright.api.optimizing import run_source
from edgewright.cli.progress import TerminalReporter
from edgewright.config import evaluation_text
from edgewright.core.answers import Failure, Result
from edgewright.core.jobs import BenchJob, BuildJob, Job, ScoreJob
from edgewright.core.model import Source
from edgewright.core.outlook import FIGURES
from edgewright.core.policy import Policy
from edgewright.core.run import Run, Trial
from edgewright.core.sensitivity import Group, Sensitivity, groups_of
from edgewright.core.toolchain import ToolchainSpec
from edgewright.pipeline.request import Confirmation, Request
from edgewright.ports import JobRunner, Tell
from edgewright.runtime.home import Home
from edgewright.runtime.rundir import open_run_directory
from edgewright.stages.sensitivity import sensitivity
from edgewright.wiring import Wiring

DATA = Path(__file__).parent / "smollm2.json"
_FOLDER = OUT / "search"
"""A store and a run of its own, kept until all is measured."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One build: what is known before it is built, what was measured, and the seconds that each step took."""

    id: str
    framework: str
    start: bool
    cost: float
    size_bytes: float
    raw_kl: float
    table_kl: float
    seconds: Mapping[str, float]
    figures: Mapping[str, float]
    status: str
    reason: str


class _Timed:
    """A runner that remembers how long each build's jobs took, by what they were asked for."""

    def __init__(self, inner: JobRunner, file: Path) -> None:
        self._inner = inner
        self._file = file
        before = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        self.seconds: dict[str, dict[str, float]] = defaultdict(dict, before)

    def run(
        self,
        toolchain: ToolchainSpec,
        job: Job,
        *,
        log: Path,
        tell: Tell,
        timeout_s: float,
        alone: bool = True,
    ) -> Result | Failure:
        began = time.monotonic()
        answer = self._inner.run(toolchain, job, log=log, tell=tell, timeout_s=timeout_s, alone=alone)
        match job:
            case BuildJob():
                name, step = job.recipe.id, "build"
            case ScoreJob() | BenchJob():
                # Logs lie in a directory a trial: the one name that every job carries.
                name, step = log.parent.name, "score" if isinstance(job, ScoreJob) else "time"
            case _:
                return answer
        name = name.replace("/", "-")
        self.seconds[name][step] = self.seconds[name].get(step, 0.0) + time.monotonic() - began
        self._file.write_text(json.dumps(self.seconds), encoding="utf-8")
        return answer

    def stop(self) -> None:
        self._inner.stop()


class _TimedWiring(Wiring):
    """The wiring with its runner timed."""

    @cached_property
    def runner(self) -> _Timed:  # type: ignore[override]  # a runner like the other
        return _Timed(super().runner, self.home.root.parent / "seconds.json")


def measure(frameworks: Sequence[str]) -> None:
    """Measure all of it, or only these frameworks, in a store of its own, and write the data."""
    with TerminalReporter() as reporter:
        real, root = Home.from_environment().root, _FOLDER / "home"
        root.mkdir(parents=True, exist_ok=True)
        for shared in ("toolchains", "downloads"):
            if not (root / shared).exists():
                (root / shared).symlink_to(real / shared)
        os.environ["EDGEWRIGHT_HOME"] = str(root)
        wiring = _TimedWiring(offline=True)
        out = _FOLDER / "run"
        with open_run_directory(out):
            shop = wiring.workshop(reporter, out / "logs")
            source = demo_source(wiring, shop)
            request = Request(
                text=evaluation_text(None),
                policy=Policy(gates=()),
                only=_for_this_host(wiring, source),
                confirmation=Confirmation(turns=0),
                tuning_rounds=0,
            )
            run = run_source(
                wiring, source, request, out, target="this-machine", frameworks=frameworks, reporter=reporter
            )
            began = time.monotonic()
            ids = shop.files.tokenizer(Path(source.path)).encode(request.text.content)[
                -request.calibration_tokens :
            ]
            table = sensitivity(shop, source, tuple(ids), out / "sensitivity.log")
            table_s = time.monotonic() - began
        if isinstance(table, Failure):
            raise RuntimeError(table.reason)  # noqa: TRY004  # a reason, not a type
        taken = wiring.runner.seconds
        groups = groups_of(shop.files.tensors(Path(source.path)), tied=source.facts.tied_embeddings)
        rows = [
            row
            for framework in sorted({trial.recipe.framework for trial in run.trials})
            for row in _rows(run, wiring, framework, groups, table, taken)
        ]
    original = {name: run.baseline.values[name].value for name in FIGURES if name in run.baseline.values}
    data: dict[str, Any] = {
        "model": source.name,
        "measured": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {run.assessment.host.cpu.model}, {run.assessment.host.cpu.usable_cores} cores",
        "original": original,
        "table_seconds": round(table_s, 1),
        "builds": [asdict(row) for row in rows],
    }
    DATA.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(_FOLDER)
    print(f"{len(rows)} builds; {DATA}")


def _for_this_host(wiring: Wiring, source: Source) -> tuple[str, ...]:
    """What a search here would choose from: what takes hours on such a host is left out."""
    host = wiring.probe.host(brief=True)
    spaces = [backend.space(source.facts) for backend in wiring.backends.values()]
    return tuple(
        candidate.recipe.id
        for space in spaces
        if space is not None
        for candidate in space.candidates
        if host.meets(candidate.needs)
    )


def _rows(
    run: Run,
    wiring: Wiring,
    framework: str,
    groups: tuple[Group, ...],
    table: Sensitivity,
    taken: Mapping[str, Mapping[str, float]],
) -> list[Measured]:
    backend = wiring.backends[framework]
    space = backend.space(run.source.facts)
    first, *others = backend.recipes(run.source.facts)
    base = run.trial(first.id)
    if space is None or base.artifact is None:
        return []
    kept = space.kept_bytes(groups, base.artifact.manifest.weight_bytes)
    lead = next((recipe.name for recipe in others if not recipe.auxiliary), "")
    rows = [_row(run.trial(first.id), None, 0.0, 0.0, 0.0, start=True, taken=taken)]
    rows += [
        _row(run.trial(recipe.id), None, 0.0, 0.0, 0.0, start=True, taken=taken)
        for recipe in others
        if recipe.auxiliary
    ]
    tried = {trial.id for trial in run.trials}
    for candidate in (one for one in space.candidates if one.recipe.id in tried):
        storage = candidate.storage
        rows.append(
            _row(
                run.trial(candidate.recipe.id),
                candidate.cost,
                storage.matrix_bytes(groups) + kept,
                storage.raw_kl(groups, None),
                storage.raw_kl(groups, table),
                start=candidate.recipe.name == lead,
                taken=taken,
            )
        )
    return rows


def _row(
    trial: Trial,
    cost: float | None,
    size: float,
    raw: float,
    by_table: float,
    *,
    start: bool,
    taken: Mapping[str, Mapping[str, float]],
) -> Measured:
    figures = {name: trial.values[name].value for name in FIGURES if name in trial.values}
    spent = taken.get(trial.id.replace("/", "-"), {})
    return Measured(
        id=trial.id,
        framework=trial.recipe.framework,
        start=start,
        cost=cost or 1.0,
        size_bytes=size or float(trial.values["size_bytes"].value or 0.0),
        raw_kl=raw,
        table_kl=by_table,
        seconds={step: round(value, 2) for step, value in spent.items()},
        figures={name: value for name, value in figures.items() if value is not None},
        status=str(trial.status),
        reason=trial.reason,
    )
