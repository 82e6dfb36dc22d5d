"""How every public function is called: options as a record or by name, and the environment that is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from edgewright.environment import Environment
from edgewright.errors import UsageError
from edgewright.ports import Context, Reporter

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Options = TypeVar("Options", bound=DataclassInstance)
else:
    Options = TypeVar("Options")


def options_of(kind: type[Options], record: Options | None, named: Mapping[str, Any]) -> Options:
    """The record with the options that were given by name; sequences become tuples.

    Raises:
        UsageError: the option is unknown.
    """
    known = [one.name for one in fields(kind)]
    for name in named:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}."
            raise UsageError(f"Unknown option {name!r}.", hint=hint)
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in named.items()}
    return replace(record if record is not None else kind(), **given)


def context_of(
    logs: str | Path, environment: Environment | None, reporter: Reporter | None, *, offline: bool
) -> Context:
    """The context of a call; without an environment, this machine's."""
    return (environment or Environment(offline=offline)).context(logs, reporter)
