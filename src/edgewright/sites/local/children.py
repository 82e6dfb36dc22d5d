"""Starting and ending child processes: the pipe for events, the process group, the environment.

A child dies with its parent: it watches its standard input, which the parent holds open, and kills its own group when
that ends (see `edgewright.worker.__main__`).
"""

from __future__ import annotations

import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, AnyStr, BinaryIO

import psutil

from edgewright.sites.local.cgroup import cpu_quota

_BOOTSTRAP = Path(__file__).resolve().parents[2] / "worker" / "bootstrap.py"
_SECRET = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|ACCESS_KEY", re.IGNORECASE)
_DROPPED = {"PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV"}
_QUIET = {
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "OLIVE_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONNOUSERSITE": "1",
    "PYTHONUTF8": "1",
}


def usable_cores() -> int:
    """Cores this process may use: its affinity mask where the system has one, within a container's quota.

    A quota is rounded down, because threads beyond it are stopped in the middle of a step.
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    quota = cpu_quota()
    return cores if quota is None else max(1, min(cores, int(quota)))


def child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The parent's environment without secrets and foreign Python settings, telemetry and hub access off."""
    kept = {
        name: value for name, value in os.environ.items() if name not in _DROPPED and not _SECRET.search(name)
    }
    threads = str(usable_cores())
    ours = {
        "OMP_NUM_THREADS": threads,
        "EDGEWRIGHT_THREADS": threads,
        "EDGEWRIGHT_PACKAGES": os.pathsep.join(f"{name}={folder}" for name, folder in _packages().items()),
    }
    return kept | _QUIET | ours | dict(extra)


def _packages() -> dict[str, str]:
    """Where third parties' backends and tasks lie, whose child halves are loaded from there; nothing of theirs is imported here."""
    groups = ("edgewright.backends", "edgewright.tasks")
    points = [point for group in groups for point in entry_points(group=group)]
    names = {point.module.partition(".")[0] for point in points}
    found = {name: find_spec(name) for name in sorted(names)}
    return {
        name: spec.submodule_search_locations[0]
        for name, spec in found.items()
        if spec is not None and spec.submodule_search_locations
    }


@dataclass(frozen=True, kw_only=True)
class Child:
    """A started worker: its process, the pipe to it, and the pipe its events come by."""

    process: subprocess.Popen[bytes]
    requests: IO[bytes]
    events: BinaryIO

    def end(self) -> None:
        """Kill the worker and everything it started, and reap it."""
        kill_group(self.process)
        self.process.wait()
        self.requests.close()
        self.events.close()


def start_worker(python: Path, environment: Mapping[str, str], log: IO[bytes]) -> Child:
    """Start ``python -P bootstrap.py DESCRIPTOR``; its stdout and stderr go to ``log``."""
    reading, writing = os.pipe()
    command = [str(python), "-P", str(_BOOTSTRAP)]
    kwargs, name = _inheriting(writing)
    try:
        process = subprocess.Popen(
            [*command, name],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            **kwargs,
        )
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    if process.stdin is None:
        raise AssertionError("a pipe was asked for")
    return Child(process=process, requests=process.stdin, events=os.fdopen(reading, "rb"))


def _inheriting(descriptor: int) -> tuple[dict[str, Any], str]:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415

        handle = msvcrt.get_osfhandle(descriptor)
        os.set_handle_inheritable(handle, True)  # noqa: FBT003
        startup = subprocess.STARTUPINFO(lpAttributeList={"handle_list": [handle]})
        return {"startupinfo": startup, **own_group()}, f"handle:{handle}"
    return {"pass_fds": (descriptor,), **own_group()}, str(descriptor)


def own_group() -> dict[str, Any]:
    """What `subprocess.Popen` needs to start a process that `kill_group` can end with all its descendants."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def beats(stream: IO[AnyStr], every_s: float) -> Iterator[AnyStr | None]:
    """The stream's lines as they come, and None after each ``every_s`` seconds without one."""
    lines: queue.Queue[AnyStr | None] = queue.Queue()
    threading.Thread(target=_pump, args=(stream, lines), daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=every_s)
        except queue.Empty:
            yield None
            continue
        if line is None:
            return
        yield line


def _pump(stream: IO[AnyStr], lines: queue.Queue[AnyStr | None]) -> None:
    try:
        for line in stream:
            lines.put(line)
    except ValueError:  # closed while it was read: there is no listener any more
        return
    lines.put(None)


def kill_group(process: subprocess.Popen[Any]) -> None:
    """End a process and its descendants at once; one that is gone already is fine."""
    if sys.platform == "win32":
        _kill_tree(process.pid)
        return
    import signal  # noqa: PLC0415

    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.poll()


def _kill_tree(pid: int) -> None:
    try:
        root = psutil.Process(pid)
        family = [*root.children(recursive=True), root]
    except psutil.NoSuchProcess:
        return
    for member in family:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue
