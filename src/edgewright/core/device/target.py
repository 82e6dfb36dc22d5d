"""A target: the device a build is for, its limits, and the frameworks it calls for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a device allows; None means the target sets no limit."""

    memory_bytes: int | None = None
    storage_bytes: int | None = None
    package_bytes: int | None = None
    power_w: float | None = None


@dataclass(frozen=True, kw_only=True)
class Target:
    """A kind of device. ``primary`` and ``fallback`` are frameworks; ``strategy`` names the recipes that lead.

    ``measurable_on`` says, as ``key=value`` conditions on the host, when this machine can stand for the device;
    empty means never: builds for it are planned and made here, and marked as not measured on the device.
    """

    name: str
    title: str
    limits: Limits
    primary: str
    fallback: str
    reason: str
    frameworks: tuple[str, ...]
    strategy: tuple[str, ...]
    measurable_on: tuple[str, ...] = ()
