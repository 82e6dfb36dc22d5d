"""A value from outside, quoted for a message: on one line, and shortened."""

from __future__ import annotations

from reprlib import Repr

_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60


def quoted(value: object) -> str:
    """The value as Python writes it; the middle of a long value is replaced by dots."""
    return _SHORT.repr(value)
