"""Spellings of earlier versions: they keep working, with a warning that names the new one."""

from __future__ import annotations

from collections.abc import Sequence

_WAYS = ("text", "tasks", "lm-eval")
_RUNTIME = {"--runtime": "--framework"}
_QUICK = {"--quick": "--short-blocks"}
_CONTEXT = {"--context": "--window"}
_RENAMED = {
    "benchmark": {**_RUNTIME, **_QUICK},
    "ab": _QUICK,
    "profile": {**_RUNTIME, **_QUICK},
    "evaluate": {**_RUNTIME, **_CONTEXT},
    "optimize": _CONTEXT,
}
"""By command: an option's earlier name and its name now."""


def respelled(arguments: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """The arguments with the current names, and one warning for each old name."""
    given = list(arguments)
    place = next((at for at, word in enumerate(given) if not word.startswith("-")), None)
    if place is None or given[place] not in _RENAMED:
        return given, ()
    name, head, rest = given[place], given[: place + 1], given[place + 1 :]
    renamed = _RENAMED[name]
    warnings: list[str] = []
    for at, word in enumerate(rest):
        flag, equals, value = word.partition("=")
        if flag in renamed:
            rest[at] = renamed[flag] + equals + value
            warnings.append(f"{flag} is now {renamed[flag]}.")
    if name == "evaluate" and rest and rest[0] not in {*_WAYS, "-h", "--help"}:
        rest = _evaluate(rest)
        warnings.append(f"'evaluate MODEL' is now 'evaluate {rest[0]} MODEL'.")
    return [*head, *rest], tuple(warnings)


def _evaluate(rest: Sequence[str]) -> list[str]:
    """``--tasks FILE`` and ``--lm-eval TASK`` were options of one command; each is a command of its own now."""
    for way in ("tasks", "lm-eval"):
        named, others = _taken(rest, f"--{way}")
        if named:
            return [way, *others, *named]
    return ["text", *rest]


def _taken(words: Sequence[str], flag: str) -> tuple[list[str], list[str]]:
    """The values of a repeatable option, and all other words."""
    values: list[str] = []
    others: list[str] = []
    waiting = iter(words)
    for word in waiting:
        if word == flag:
            values += [value for value in [next(waiting, None)] if value is not None]
        elif word.startswith(f"{flag}="):
            values.append(word.partition("=")[2])
        else:
            others.append(word)
    return values, others
