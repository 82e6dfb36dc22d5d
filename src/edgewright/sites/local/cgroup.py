"""The processor time that a container may use, as Linux control groups say it (versions 2 and 1)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath


def cpu_quota(root: Path = Path("/sys/fs/cgroup"), listed: Path = Path("/proc/self/cgroup")) -> float | None:
    """Cores' worth of time for this process's group: the least of its own limit and those above; None without one."""
    quotas = [quota for group in _groups(root, listed) if (quota := _quota(group)) is not None]
    return min(quotas, default=None)


def _groups(root: Path, listed: Path) -> Iterator[Path]:
    """The group's directories up to the root; a container may see its own group as the root, whatever is listed."""
    try:
        lines = listed.read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers or "cpu" in controllers.split(","):
            inner = PurePosixPath(path.lstrip("/"))
            yield from (root / controllers / part for part in (inner, *inner.parents))


def _quota(group: Path) -> float | None:
    try:
        if (group / "cpu.max").exists():
            limit, period = (group / "cpu.max").read_text(encoding="ascii").split()
        else:
            limit = (group / "cpu.cfs_quota_us").read_text(encoding="ascii").strip()
            period = (group / "cpu.cfs_period_us").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    return None if limit in {"max", "-1"} else int(limit) / int(period)
