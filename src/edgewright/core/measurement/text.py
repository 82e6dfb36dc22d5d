"""Text that a model is scored on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Text:
    """A text with its name and digest, read by the caller."""

    name: str
    content: str
    sha256: str
