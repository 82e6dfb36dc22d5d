"""Records to JSON and back, checked: the one place that serializes.

Round-trip law: ``load(type, dump(record)) == record`` for every record in `core`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from edgewright.errors import InputError

R = TypeVar("R")


_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)


def dump(record: Any, *, indent: int | None = None) -> bytes:
    """UTF-8 JSON of a record, by its own type: by a union's, pydantic makes True a 1 where it takes an int for a float."""
    return _adapter(type(record)).dump_json(record, indent=indent)


def plain(record: Any) -> Any:
    """A record as dictionaries, lists, strings and numbers, ready for any JSON writer."""
    return _adapter(type(record)).dump_python(record, mode="json")


def load(kind: type[R], data: bytes | str) -> R:
    """The record that ``dump`` wrote.

    Raises:
        InputError: the text is no JSON, or not of this kind; the message names the first wrong field.
    """
    return load_union(kind, data)  # type: ignore[no-any-return]  # validated against kind


def load_union(kind: Any, data: bytes | str) -> Any:
    """As `load`, for a union of record types."""
    try:
        return _adapter(kind).validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise InputError(f"{where}: {first['msg']}.") from error


def from_plain(kind: type[R], data: Any) -> R:
    """A record from plain data (parsed TOML or JSON); errors as in `load`."""
    try:
        return _adapter(kind).validate_python(data)  # type: ignore[no-any-return]
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise InputError(f"{where}: {first['msg']}.") from error
