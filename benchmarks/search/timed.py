"""What each build's jobs take, remembered in a file while everything else goes its usual way."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from functools import cached_property
from pathlib import Path
from threading import Lock

from edgewright.core.device.toolchain import ToolchainSpec
from edgewright.core.jobs.requests import BenchJob, BuildJob, Job, ScoreJob
from edgewright.core.jobs.results import Failure, Result
from edgewright.environment import Environment
from edgewright.ports import JobRunner, Tell
from edgewright.sites.local.site import LocalSite


class TimedRunner:
    """A runner that remembers how long each build's jobs took, by what they were asked for."""

    def __init__(self, inner: JobRunner, file: Path) -> None:
        self._inner = inner
        self._file = file
        self._lock = Lock()
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
        with self._lock:  # builds are made beside each other
            self.seconds[name][step] = self.seconds[name].get(step, 0.0) + time.monotonic() - began
            self._file.write_text(json.dumps(self.seconds), encoding="utf-8")
        return answer

    def stop(self) -> None:
        self._inner.stop()


class TimedSite(LocalSite):
    """This machine with its runner timed."""

    @cached_property
    def runner(self) -> TimedRunner:  # type: ignore[override]  # a runner like the other
        return TimedRunner(super().runner, self.home.root.parent / "seconds.json")


class TimedEnvironment(Environment):
    """The environment whose site is timed."""

    @cached_property
    def site(self) -> TimedSite:
        return TimedSite(home=self.home, offline=self.offline)
