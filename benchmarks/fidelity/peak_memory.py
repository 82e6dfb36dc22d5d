"""Peak memory beside ``/usr/bin/time -v``: the same requests in an open session, which resets no counter."""

from __future__ import annotations

import re
import shutil
import stat
from pathlib import Path
from statistics import median

from benchmarks.checks import Check
from benchmarks.lab import Lab
from edgewright.codec import dump
from edgewright.core.jobs.conversation import GenerateRequest
from edgewright.core.jobs.requests import SessionJob
from edgewright.core.measurement.records import Pace, Workload
from edgewright.sites.local.children import start_worker
from edgewright.sites.local.locks import machine

_REPEATS, _REQUESTS, _PROMPT, _DECODE = 3, 3, 128, 32
_PACE = Pace(least_s=0.0, least_requests=_REQUESTS - 1, warmup_least=1, warmup_most=1, sentinel=False)
_BUILDS = (("llamacpp", "q8_0"), ("openvino", "int8"), ("onnx", "int8"))


def compare(lab: Lab) -> list[Check]:
    """Medians of three repeats within 1 %, in every framework and for the original."""
    time = shutil.which("time")
    if time is None:
        return [
            Check(
                name="peak resident set",
                value=None,
                unit="ratio",
                bound="0.99 to 1.01",
                ok=None,
                note="no /usr/bin/time",
            )
        ]
    paths = {"torch": lab.source.path, **{f: lab.artifact(f, name).path for f, name in _BUILDS}}
    checks = []
    for framework, path in paths.items():
        pairs = [(_ours(lab, framework, path), _theirs(lab, framework, path, time)) for _ in range(_REPEATS)]
        ours, theirs = (median(side) for side in zip(*pairs, strict=True))
        ratio = ours / theirs
        checks.append(
            Check(
                name=f"peak resident set in {framework}: edgewright / time -v",
                value=ratio,
                unit="ratio of bytes",
                bound="0.99 to 1.01",
                ok=0.99 <= ratio <= 1.01,
                note=f"{ours / 1e6:.1f} MB against {theirs / 1e6:.1f} MB",
            )
        )
    return checks


def _ours(lab: Lab, framework: str, path: str) -> int:
    workload = Workload(prompt_tokens=_PROMPT, decode_tokens=_DECODE)
    return max(phase.peak for phase in lab.block(path, framework, workload, _PACE).memory.phases)


def _theirs(lab: Lab, framework: str, path: str, time: str) -> int:
    """Maximum resident set size of a process that answers the same requests."""
    report, wrapper = lab.folder / "time.txt", lab.folder / "timed-python"
    wrapper.write_text(
        f'#!/bin/sh\nexec {time} -v -o {report} {lab.python(framework)} "$@"\n', encoding="utf-8"
    )
    wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
    backend = lab.context.backend(framework)
    job = SessionJob(worker=backend.worker, artifact=path, runtime={})
    request = GenerateRequest(ids=tuple(range(1, _PROMPT + 1)), tokens=_DECODE)
    with machine(lab.reporter.tell), (lab.folder / "time.log").open("ab") as log:
        child = start_worker(wrapper, lab.environment(framework), log)
        lines = [dump(job), *[dump(request)] * _REQUESTS]
        child.requests.write(b"\n".join(lines) + b"\n")
        child.requests.close()  # the session ends after the last request
        child.events.read()
        child.process.wait(timeout=600)
    found = re.search(r"Maximum resident set size \(kbytes\): (\d+)", report.read_text(encoding="utf-8"))
    if not found:
        raise RuntimeError(f"time -v said nothing for {Path(path).name}")
    return int(found.group(1)) * 1024
