"""Documents that others rely on, read in every version that was ever written.

Law: a record that has a version is read through `load` only; `codec.load` alone would take an older meaning for today's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from edgewright import codec
from edgewright.core.recipe.artifact import Manifest
from edgewright.core.run import Run
from edgewright.errors import InputError
from edgewright.formats.manifest import MANIFEST
from edgewright.formats.run import RUN
from edgewright.formats.versioned import Format

__all__ = ["FORMATS", "Format", "load"]

R = TypeVar("R")

FORMATS: Mapping[Any, Format] = {Run: RUN, Manifest: MANIFEST}


def load(kind: type[R], data: bytes | str, where: str = "The document") -> R:
    """As `codec.load`; a kind that has versions is brought up to date first. ``where`` names the document in messages.

    Raises:
        InputError: it is not a document of this kind, or of a later version.
    """
    if kind not in FORMATS:
        return codec.load(kind, data)
    form = FORMATS[kind]
    document = form.parse(data, where)
    try:
        return codec.load(kind, json.dumps(document))
    except InputError as error:
        raise InputError(f"{where} is not a valid {form.title}: {error.message}") from error
