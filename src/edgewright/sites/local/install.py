"""Makes one half of a toolchain in a given directory: virtual environment, locked packages, native build."""

from __future__ import annotations

import platform
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

from edgewright.core.device.lock import canonical, read_lock
from edgewright.core.device.toolchain import ToolchainSpec
from edgewright.core.jobs.results import Progress
from edgewright.ports import Tell
from edgewright.sites.local.home import Home
from edgewright.sites.local.native import Smoke, add_native, require_tools_or_compiler
from edgewright.sites.local.venv import make_venv, make_venv_on_top, pip

_CPU_HOST = "download.pytorch.org"
_NETWORK = ("--retries", "2", "--timeout", "60", "--progress-bar", "off")


def install(
    spec: ToolchainSpec, root: Path, home: Home, tell: Tell, smoke: Smoke, *, below: Path | None = None
) -> dict[str, str]:
    """Fill ``root``, telling each step; returns the variables that children of this half need beyond its own.

    ``below`` is where the half lies that this one needs.

    Raises:
        IntegrityError: a file of a package is not the one that the lock names.
        OfflineError: the package index cannot be reached.
        ResourceError: the disk filled up.
        ToolchainError: a package or the native build failed, or there is nothing to build it with.
    """
    if spec.native:
        require_tools_or_compiler()
    root.mkdir(parents=True)
    minutes = spec.install_minutes + (spec.native.minutes_on_two_cores if spec.native else 0.0)
    gigabytes = spec.disk_bytes / 1e9
    tell(
        Progress(
            message=f"{spec.title}: installing, about {minutes:.0f} min and {gigabytes:.1f} GB", fraction=0.0
        )
    )
    if below is None:
        make_venv(root, tell)
    else:
        make_venv_on_top(root, below, tell)
    if spec.compile_lock:
        _install_lock(spec.title, root, "compile", spec.compile_lock, tell)
    _install_lock(spec.title, root, str(spec.half), spec.lock, tell, compiled=bool(spec.compile_lock))
    variables = add_native(spec, spec.native, root, home, tell, smoke) if spec.native else {}
    if spec.compile_lock:
        _remove_compilers(spec, root, tell)
    return variables


def _install_lock(
    title: str, root: Path, name: str, lock: str, tell: Tell, *, compiled: bool = False
) -> None:
    """Install exactly what a lock names, each file checked against its hashes.

    ``compiled`` says that what a package without wheels is built with is in the environment already.
    """
    file = root / f"{name}.lock"
    file.write_text(lock, encoding="utf-8")
    pins = read_lock(lock)
    index = cpu_index() if any(pin.version.endswith("+cpu") for pin in pins) else ()
    how = ("--no-build-isolation", "--use-pep517") if compiled else ()
    arguments = [*_NETWORK, *index, "--no-deps", "--require-hashes", *how, "--requirement", str(file)]
    pip(root, ["install", *arguments], tell, on_line=_package_progress(title, len(pins), tell))


def _remove_compilers(spec: ToolchainSpec, root: Path, tell: Tell) -> None:
    """Take away what packages were compiled with, unless running needs it too."""
    if gone := compilers_only(spec):
        pip(root, ["uninstall", "--yes", *gone], tell)


def compilers_only(spec: ToolchainSpec) -> tuple[str, ...]:
    """The packages that compile and that running does not need."""
    kept = {canonical(pin.name) for pin in read_lock(spec.lock)}
    return tuple(pin.name for pin in read_lock(spec.compile_lock) if canonical(pin.name) not in kept)


def cpu_index() -> tuple[str, ...]:
    """PyTorch's own index of CPU wheels, where it can be reached and is what matters.

    On Linux the package index's wheel of torch brings gigabytes of CUDA, which no toolchain here uses. Wheels that pip
    is configured to find elsewhere (``PIP_FIND_LINKS``, ``PIP_EXTRA_INDEX_URL``) serve as well, and need no network.
    """
    if platform.system() != "Linux":
        return ()
    try:
        with socket.create_connection((_CPU_HOST, 443), timeout=2.0):
            return ("--extra-index-url", f"https://{_CPU_HOST}/whl/cpu")
    except OSError:
        return ()


def _package_progress(title: str, count: int, tell: Tell) -> Callable[[str], None]:
    seen: set[str] = set()
    last = [0.0]

    def on_line(line: str) -> None:
        match = re.match(r"\s*(?:Collecting|Processing|Requirement already satisfied:) (\S+)", line)
        if match:
            seen.add(re.split(r"[=<>!;\[]", match.group(1))[0].lower())
        downloading = re.match(r"\s*Downloading (\S+) \((.+)\)", line)
        if downloading:
            _say(f"{title}: downloading {downloading.group(1).split('-')[0]} ({downloading.group(2)})")
        elif line.startswith("Installing collected"):
            _say(f"{title}: unpacking {len(seen)} packages")
        elif match and time.monotonic() - last[0] > 1.0:
            _say(f"{title}: {len(seen)} of {count} packages found")

    def _say(message: str) -> None:
        last[0] = time.monotonic()
        tell(Progress(message=message, fraction=min(1.0, len(seen) / max(count, 1))))

    return on_line
