"""Starting and ending child processes: the pipe for events, the process group, the environment.

A child dies with its parent: it watches its standard input, which the parent holds open, and kills its own group when
that ends (see `edgewright.worker.__main__`).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

import psutil

_BOOTSTRAP = Path(__file__).resolve().parent.parent / "worker" / "bootstrap.py"
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
    """Cores this process may use: its affinity mask where the system has one."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return psutil.cpu_count(logical=False) or os.cpu_count() or 1


def child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The parent's environment without secrets and foreign Python settings, telemetry and hub access off."""
    kept = {
        name: value for name, value in os.environ.items() if name not in _DROPPED and not _SECRET.search(name)
    }
    return kept | _QUIET | {"OMP_NUM_THREADS": str(usable_cores())} | dict(extra)


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
        flags = subprocess.CREATE_NEW_PROCESS_GROUP
        return {"startupinfo": startup, "creationflags": flags}, f"handle:{handle}"
    return {"pass_fds": (descriptor,), "start_new_session": True}, str(descriptor)


def kill_group(process: subprocess.Popen[bytes]) -> None:
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
