"""Task files to core records: one JSON object a line (docs/formats/tasks.md), and the set that comes with edgewright."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from edgewright.core import knowledge
from edgewright.core.measurement.multiple_choice import TaskItem, TaskSet
from edgewright.errors import InputError

OURS = "edgewright"
_OURS_FILE = "edgewright-224.jsonl"
_KINDS = {
    str: "a text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


def read_tasks(source: str | Path) -> TaskSet:
    """The items of a JSONL file, or of our own set where ``source`` is ``edgewright``.

    Raises:
        InputError: the file cannot be read or one of its lines is not an item; the message names file, line and cause.
    """
    if str(source) == OURS:
        content = knowledge.text(f"tasks/{_OURS_FILE}")
        return _parsed("edgewright-224 (edgewright's own set)", _OURS_FILE, content)
    path = Path(source).expanduser()
    try:
        content = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        hint = f"Give a JSONL file, or {OURS} for the set that comes with edgewright."
        raise InputError(f"There is no task file at {path}.", hint=hint) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The task file {path} cannot be read as UTF-8 text.") from error
    return _parsed(path.name, str(path), content)


def _parsed(name: str, where: str, content: str) -> TaskSet:
    items: list[TaskItem] = []
    first_use: dict[str, int] = {}
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            item = _item(line, str(number))
            if item.id in first_use:
                raise ValueError(f"the id {item.id!r} is already used in line {first_use[item.id]}")
        except ValueError as error:
            raise InputError(
                f"{where}, line {number}: {error}.", hint="The format is in docs/formats/tasks.md."
            ) from error
        first_use[item.id] = number
        items.append(item)
    if not items:
        raise InputError(f"The task file {where} has no items.", hint="Write one JSON object a line.")
    return TaskSet(name=name, sha256=hashlib.sha256(content.encode()).hexdigest(), items=tuple(items))


def _item(line: str, number: str) -> TaskItem:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not valid JSON ({error.msg} at column {error.colno})") from error
    if not isinstance(row, dict):
        raise ValueError(f"it is {_kind(row)}, not an object")  # noqa: TRY004  # one kind of error, one sentence
    for key in ("question", "choices", "answer"):
        if key not in row:
            raise ValueError(f"{key!r} is missing")
    choices = _choices(row["choices"])
    named = row.get("id", number)
    return TaskItem(
        id=str(named) if isinstance(named, int) and not isinstance(named, bool) else _text("id", named),
        question=_text("question", row["question"]),
        choices=choices,
        answer=_answer(row["answer"], choices),
        category=_text("category", row["category"]) if "category" in row else "",
    )


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{key!r} is {_kind(value)}, not a string")  # noqa: TRY004
    if not value.strip():
        raise ValueError(f"{key!r} is empty")
    return value


def _choices(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError(f"'choices' is {_kind(value)}, not a list")  # noqa: TRY004
    if not 2 <= len(value) <= len(ascii_uppercase):
        raise ValueError(f"'choices' has {len(value)} entries, not 2 to {len(ascii_uppercase)}")
    texts = tuple(_text("choices", choice) for choice in value)
    twice = next((text for text in texts if texts.count(text) > 1), None)
    if twice is not None:
        raise ValueError(f"the choice {twice!r} occurs twice")
    return texts


def _answer(value: Any, choices: Sequence[str]) -> int:
    """An index from 0, the text of a choice, or its letter from A."""
    if isinstance(value, int) and not isinstance(value, bool):
        if not 0 <= value < len(choices):
            raise ValueError(f"'answer' is {value}, and the choices are 0 to {len(choices) - 1}")
        return value
    if not isinstance(value, str):
        raise ValueError(f"'answer' is {_kind(value)}, not an index, a letter or a choice's text")  # noqa: TRY004
    letters = ascii_uppercase[: len(choices)]
    found = {choices.index(value)} if value in choices else set()
    if len(value) == 1 and value in letters:
        found.add(letters.index(value))
    if len(found) > 1:
        raise ValueError(
            f"'answer' {value!r} is the letter of one choice and the text of another choice: give an index"
        )
    if not found:
        raise ValueError(
            f"'answer' {value!r} is neither one of the choices nor a letter from A to {letters[-1]}"
        )
    return found.pop()


def _kind(value: Any) -> str:
    return "null" if value is None else _KINDS[type(value)]
