"""JSON files that came with a model or a run, read without trust: damaged ones are named, and nothing but a file is opened.

Law: a directory, a pipe or a device where a file is meant is refused before it is read; a pipe would never end.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edgewright.errors import InputError

_AGAIN = "Download it again."


def read_bytes(file: Path) -> bytes:
    """The content of a file.

    Raises:
        InputError: it is not a file, or cannot be read.
    """
    try:
        if file.is_file():
            return file.read_bytes()
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    raise InputError(f"{file} is not a file.", hint=_AGAIN)


def read_json(file: Path) -> Any:
    """What a JSON file holds.

    Raises:
        InputError: it is not a file, or no JSON.
    """
    data = read_bytes(file)
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file} is not valid JSON.", hint=_AGAIN) from error


def read_settings(file: Path) -> dict[str, Any]:
    """What a JSON file of settings holds.

    Raises:
        InputError: it is not a file, no JSON, or holds something else.
    """
    settings = read_json(file)
    if not isinstance(settings, dict):
        raise InputError(f"{file} contains no settings.", hint=_AGAIN)
    return settings
