"""A chat template is a program that came with the model: it is rendered in a process of its own, with little time and memory.

Run as a script it reads one request from standard input and writes one answer. It imports nothing of edgewright's, so that
it starts in a tenth of a second; what goes wrong in a template is told in words and is no reason to stop.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Any

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

CPU_S, MEMORY_BYTES = 2, 1 << 28
"""Seconds of processor time and bytes of memory; real templates take milliseconds."""
LONGEST = 1_000_000
"""Characters of a turn."""

_LONGEST_REASON = 300
_TODAY = date(2026, 1, 1)
"""What templates that write the date are told: ids have to be the same tomorrow."""
_FAULTS = (
    TemplateError,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RecursionError,
    MemoryError,
    SyntaxError,
)


class _RefusalError(Exception):
    """What the template itself says."""


def render(template: str, prompt: str, roles: Mapping[str, str]) -> tuple[str, str]:
    """A user's turn, and nothing; or nothing, and why it could not be rendered."""
    try:
        text = _render(template, prompt, roles)
        text.encode()
    except _RefusalError as refusal:
        return "", f"The chat template rejects the prompt: {_short(str(refusal)).rstrip('.!')}."
    except UnicodeEncodeError:
        return "", "The chat template fails (its output is not text)."
    except _FAULTS as error:
        return "", f"The chat template fails ({_short(str(error)) or type(error).__name__})."
    if len(text) > LONGEST:
        return "", f"The chat template fails (it writes more than {LONGEST:,} characters)."
    return text, ""


def _short(text: str) -> str:
    """One line of some length, of characters that every terminal can write."""
    line = " ".join(text.encode("utf-8", errors="replace").decode().split())
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}..."


def _render(template: str, prompt: str, roles: Mapping[str, str]) -> str:
    """As Transformers renders templates: same extensions, same functions, same names defined."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, autoescape=False, extensions=[loopcontrols, _Generation]
    )
    environment.filters["tojson"] = _to_json
    environment.globals |= {"raise_exception": _refuse, "strftime_now": _TODAY.strftime}
    messages = [{"role": "user", "content": prompt}]
    rendered = environment.from_string(template).render(
        messages=messages, tools=None, documents=None, add_generation_prompt=True, **roles
    )
    return str(rendered)


class _Generation(Extension):
    """``{% generation %}`` marks the assistant's words for training; here it is what stands in it."""

    tags = {"generation"}  # noqa: RUF012  # as Jinja declares it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """The block's own nodes."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _to_json(
    value: object,
    ensure_ascii: bool = False,  # noqa: FBT001, FBT002  # the names and order that templates use
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,  # noqa: FBT001, FBT002
) -> str:
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def _refuse(message: str) -> None:
    raise _RefusalError(message)


def _limit() -> None:
    """Where the system has limits of a process: beyond them it is ended, or told that there is no memory."""
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415  # not on Windows, where the parent's own limit of time holds alone

        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _main() -> None:
    request: dict[str, Any] = json.loads(sys.stdin.buffer.read())
    _limit()
    answer = render(request["template"], request["prompt"], request["roles"])
    sys.stdout.buffer.write(json.dumps(answer).encode())


if __name__ == "__main__":
    _main()
