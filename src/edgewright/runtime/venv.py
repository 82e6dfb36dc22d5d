"""Virtual environments made by the standard library, filled by pip from a lock."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from edgewright.errors import OfflineError, ResourceError, ToolchainError

OnLine = Callable[[str], None]

_NO_NETWORK = re.compile(
    r"name resolution|NameResolution|getaddrinfo|Network is unreachable|Connection refused|NewConnectionError"
    r"|ConnectTimeout|Could not fetch URL|No route to host|ProxyError",
)
_NO_SPACE = "No space left on device"


def python_of(root: Path) -> Path:
    """The interpreter of the environment at ``root``."""
    venv = root / "venv"
    return venv / "Scripts" / "python.exe" if os.name == "nt" else venv / "bin" / "python"


def make_venv(root: Path, on_line: OnLine) -> None:
    """Create ``root/venv`` with this process's Python."""
    run_command(
        [sys.executable, "-m", "venv", str(root / "venv")], on_line, what="making a virtual environment"
    )


def pip(
    root: Path, arguments: Sequence[str], on_line: OnLine, *, extra: Mapping[str, str] | None = None
) -> None:
    """Run the environment's own pip; scripts are not used, because their paths do not survive the move into place."""
    command = [str(python_of(root)), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    run_command(command, on_line, what="pip " + arguments[0], extra=extra)


def run_command(
    command: Sequence[str],
    on_line: OnLine,
    *,
    what: str,
    extra: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> None:
    """Run a command, hand each line of its output on, and turn its failure into one sentence.

    Raises:
        OfflineError: its output shows that the network is not there.
        ResourceError: its output shows that the disk is full.
        ToolchainError: anything else; the message carries the last telling line.
    """
    environment = {
        name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}
    }
    tail: list[str] = []
    with subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**environment, **(extra or {})},
        cwd=cwd,
        text=True,
        errors="replace",
    ) as process:
        if process.stdout is None:
            raise AssertionError("a pipe was asked for")
        try:
            for line in process.stdout:
                tail = [*tail[-40:], line.rstrip()]
                on_line(line.rstrip())
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise _explained(what, process.returncode, tail)


def _explained(what: str, status: int, tail: Sequence[str]) -> Exception:
    text = "\n".join(tail)
    if _NO_SPACE in text:
        return ResourceError(
            f"The disk filled up while {what} ran.", hint="Free space or set EDGEWRIGHT_HOME."
        )
    if _NO_NETWORK.search(text):
        return OfflineError(
            f"The package index cannot be reached ({what}).", hint="Connect, then run the same again."
        )
    telling = [line for line in tail if re.search(r"error|not found|fail|No matching", line, re.IGNORECASE)]
    last = (telling or list(tail) or ["no output"])[-1].strip()
    return ToolchainError(f"{what} failed with status {status}: {last[:300]}")
