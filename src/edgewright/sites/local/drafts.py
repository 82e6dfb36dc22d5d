"""Where attempts write: each in a hidden directory of its own, so that what outlives a killed one spoils no other."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path


def new_draft(place: Path) -> Path:
    """A path beside ``place`` that no other attempt has: ``.NAME.PID-RANDOM.draft``."""
    return place.with_name(f".{place.name}.{os.getpid()}-{secrets.token_hex(4)}.draft")


def sweep(place: Path) -> None:
    """Remove what attempts at ``place`` left. The caller holds their lock, so none of them lives."""
    for left in drafts_of(place):
        # A dying process may still write there; then the next sweep gets it.
        shutil.rmtree(left, ignore_errors=True)


def drafts_of(place: Path) -> list[Path]:
    """What attempts at ``place`` left, of earlier versions too, which wrote to ``.NAME.draft``."""
    return [*place.parent.glob(f".{place.name}.*-*.draft"), *place.parent.glob(f".{place.name}.draft")]
