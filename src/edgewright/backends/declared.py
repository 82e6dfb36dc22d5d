"""Reads what a backend declares in its folder: ``toolchain.toml`` and ``requirements.lock``."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

from edgewright.codec import from_plain
from edgewright.core.keys import digest
from edgewright.core.toolchain import ToolchainSpec


def load_toolchain(folder: Path) -> ToolchainSpec:
    """The toolchain of the backend in ``folder``; its digest covers the lock and everything that is declared.

    Raises:
        InputError: a key is missing, unknown or of the wrong type.
    """
    declared = tomllib.loads((folder / "toolchain.toml").read_text(encoding="utf-8"))
    lock = (folder / "requirements.lock").read_text(encoding="utf-8")
    pins = [line.strip() for line in lock.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return from_plain(ToolchainSpec, {**declared, "lock": lock, "digest": digest([declared, pins])})


def code_digest(folder: Path) -> str:
    """SHA-256 of a backend's code and tables (its toolchain declaration has a digest of its own)."""
    total = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.suffix in {".py", ".toml", ".json"} and file.name != "toolchain.toml":
            total.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return total.hexdigest()
