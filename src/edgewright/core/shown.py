"""A value that came from outside, as it stands in a sentence: on one line, and short however long it is."""

from __future__ import annotations

from reprlib import Repr

_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60


def shown(value: object) -> str:
    """The value as Python writes it, its middle left out where it is long."""
    return _SHORT.repr(value)
