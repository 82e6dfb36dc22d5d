"""Makes one toolchain's environment in a given directory: virtual environment, locked packages, native build."""

from __future__ import annotations

import platform
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

from edgewright.core.device.toolchain import ToolchainSpec
from edgewright.core.jobs.results import Progress
from edgewright.ports import Tell
from edgewright.sites.local.home import Home
from edgewright.sites.local.native import Smoke, add_native, require_tools_or_compiler
from edgewright.sites.local.venv import make_venv, pip

_CPU_HOST = "download.pytorch.org"
_NETWORK = ("--retries", "2", "--timeout", "60", "--progress-bar", "off")


def install(spec: ToolchainSpec, root: Path, home: Home, tell: Tell, smoke: Smoke) -> dict[str, str]:
    """Fill ``root``, telling each step; returns the variables that children of this toolchain need beyond its own.

    Raises:
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
    make_venv(root, tell)
    lock = root / "requirements.lock"
    lock.write_text(spec.lock, encoding="utf-8")
    count = sum(1 for line in spec.lock.splitlines() if "==" in line)
    on_line = _package_progress(spec.title, count, tell)
    if spec.with_dependencies:
        arguments = [*_NETWORK, *cpu_index(), "--constraint", str(lock), *spec.with_dependencies]
        pip(root, ["install", *arguments], tell, on_line=on_line)
    pip(root, ["install", *_NETWORK, "--no-deps", "--requirement", str(lock)], tell, on_line=on_line)
    return add_native(spec, spec.native, root, home, tell, smoke) if spec.native else {}


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
