"""Virtual environments made by the standard library, filled by pip from a lock."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

from edgewright.core.jobs.results import Progress
from edgewright.errors import IntegrityError, OfflineError, ResourceError, ToolchainError
from edgewright.ports import Tell
from edgewright.sites.local.behind import CURRENT
from edgewright.sites.local.children import beats, kill_group, own_group

OnLine = Callable[[str], None]

_LEASH = Path(__file__).with_name("die_with_parent.py")
_SILENCE_S = 10.0

_NO_NETWORK = re.compile(
    r"name resolution|NameResolution|getaddrinfo|Network is unreachable|Connection refused|NewConnectionError"
    r"|ConnectTimeout|Could not fetch URL|No route to host|ProxyError",
)
_NO_SPACE = "No space left on device"
_OTHER_HASH = "DO NOT MATCH THE HASHES"
_OTHER_FILE = re.compile(r"\s*(\S+==\S+) from \S+")
_NO_CPU_TORCH = re.compile(r"No matching distribution found for (torch==\S+\+cpu)")


def python_of(root: Path) -> Path:
    """The interpreter of the environment at ``root``."""
    venv = root / "venv"
    return venv / "Scripts" / "python.exe" if os.name == "nt" else venv / "bin" / "python"


def make_venv(root: Path, tell: Tell) -> None:
    """Create ``root/venv`` with this process's Python."""
    command = [sys.executable, "-m", "venv", str(root / "venv")]
    run_command(command, _unread, what="making a virtual environment", tell=tell)


def make_venv_on_top(root: Path, below: Path, tell: Tell) -> None:
    """Create ``root/venv`` with the Python of the environment at ``below``, whose packages it sees behind its own.

    A path file names them relative to itself, so a home can be moved. ``below`` has pip, which installs here too.
    """
    command = [str(python_of(below)), "-m", "venv", "--without-pip", str(root / "venv")]
    run_command(command, _unread, what="making a virtual environment", tell=tell)
    own, other = _packages_of(root), _packages_of(below)
    (own / "run_half.pth").write_text(os.path.relpath(other, own) + "\n", encoding="utf-8")


def _packages_of(root: Path) -> Path:
    """Where the environment at ``root`` keeps its packages."""
    venv = root / "venv"
    return venv / "Lib" / "site-packages" if os.name == "nt" else next(venv.glob("lib/python*/site-packages"))


def pip(
    root: Path,
    arguments: Sequence[str],
    tell: Tell,
    *,
    on_line: OnLine | None = None,
    extra: Mapping[str, str] | None = None,
) -> None:
    """Run the environment's own pip; scripts are not used, because their paths do not survive the move into place."""
    command = [str(python_of(root)), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    run_command(command, on_line or _unread, what="pip " + arguments[0], tell=tell, extra=extra)


def _unread(_: str) -> None:
    """For output that matters only if the command fails."""


def run_command(
    command: Sequence[str],
    on_line: OnLine,
    *,
    what: str,
    tell: Tell | None = None,
    extra: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    silence_s: float = _SILENCE_S,
) -> None:
    """Run a command, hand each line of its output on, tell of its silences, and turn its failure into one sentence.

    It and all that it starts die with this process.

    Raises:
        IntegrityError: its output shows that a downloaded file is not the one that a lock names.
        OfflineError: its output shows that the network is not there.
        ResourceError: its output shows that the disk is full.
        ToolchainError: anything else; the message carries the last telling line.
    """
    behind = CURRENT.get()
    if behind:
        behind.wait()
    process = _start(command, extra or {}, cwd)
    if process.stdout is None or process.stdin is None:
        raise AssertionError("pipes were asked for")
    tail: list[str] = []
    silent_s = 0.0
    try:
        with behind.running(process) if behind else nullcontext():
            for line in beats(process.stdout, silence_s):
                silent_s = silent_s + silence_s if line is None else 0.0
                if line is not None:
                    tail = [*tail[-40:], line.rstrip()]
                    on_line(line.rstrip())
                elif tell:
                    tell(Progress(message=f"{what}: still working, {silent_s:.0f} s"))
            status = process.wait()
    except BaseException:
        kill_group(process)
        process.wait()
        raise
    finally:
        process.stdin.close()
        process.stdout.close()
    if status:
        raise _explained(what, status, tail)


def _start(command: Sequence[str], extra: Mapping[str, str], cwd: Path | None) -> subprocess.Popen[str]:
    environment = {
        name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}
    }
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(_LEASH), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**environment, **extra},
        cwd=cwd,
        text=True,
        errors="replace",
        **own_group(),
    )


def _other_file(text: str) -> IntegrityError:
    named = _OTHER_FILE.search(text, text.index(_OTHER_HASH))
    what = named[1].replace("==", " ") if named else "a package"
    return IntegrityError(
        f"The file that pip downloaded for {what} is not in the lock: its SHA-256 differs.",
        hint="Check which package index pip is configured to use, then run the same command again.",
    )


def _explained(what: str, status: int, tail: Sequence[str]) -> Exception:
    text = "\n".join(tail)
    if _NO_SPACE in text:
        return ResourceError(
            f"The disk filled up while {what} ran.", hint="Free space or set EDGEWRIGHT_HOME."
        )
    if _NO_NETWORK.search(text):
        return OfflineError(
            f"The package index cannot be reached ({what}).", hint="Connect, then run the same command again."
        )
    if _OTHER_HASH in text:
        return _other_file(text)
    if missing := _NO_CPU_TORCH.search(text):
        return ToolchainError(
            f"pip finds no {missing[1]}, PyTorch's CPU build, for this Python and system.",
            hint="Let pip reach PyTorch's own index or a directory with that wheel: docs/how-to/torch-cpu-wheels.md.",
        )
    telling = [line for line in tail if re.search(r"error|not found|fail|No matching", line, re.IGNORECASE)]
    last = (telling or list(tail) or ["no output"])[-1].strip()
    return ToolchainError(f"{what} failed with status {status}: {last[:300]}")
