"""One tokenizer for all: ids come from the source's tokenizer.json, read by the library that defined the format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from edgewright.errors import InputError

_TODAY = date(2026, 1, 1)
"""What templates that write the date are told: ids have to be the same tomorrow."""
_TEMPLATE_FAULTS = (
    TemplateError,
    InputError,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


class SourceTokenizer:
    """The tokenizer of a portable source directory."""

    def __init__(self, source: Path) -> None:
        from tokenizers import Tokenizer  # noqa: PLC0415  # only when text is tokenized

        self._source = source
        try:
            self._tokenizer: Any = Tokenizer.from_file(str(source / "tokenizer.json"))
        except Exception as error:  # the library raises a bare Exception
            raise InputError(
                f"The tokenizer of {source} cannot be read.", hint="Check its tokenizer.json."
            ) from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Ids of a text; ``special`` adds what the model expects around a plain text (such as BOS)."""
        return list(self._tokenizer.encode(text, add_special_tokens=special).ids)

    def decode(self, ids: list[int]) -> str:
        """The text of ids, special tokens left out."""
        return str(self._tokenizer.decode(ids, skip_special_tokens=True))

    def chat(self, prompt: str) -> str:
        """A user's turn in the model's chat template; the prompt itself where it has none, or one that fails.

        A template is a program that came with the model: whatever goes wrong in it is no reason to stop.
        """
        return self._turn(prompt)[0]

    def chat_lack(self, prompt: str) -> str:
        """Why `chat` gives the prompt itself, in words; nothing where the template was used."""
        return self._turn(prompt)[1]

    def _turn(self, prompt: str) -> tuple[str, str]:
        try:
            settings = self._settings()
            template = self._template(settings)
            if not template:
                return prompt, "The model has no chat template: it continues the prompt."
            return _render(template, prompt, _roles(settings)), ""
        except InputError as error:  # what the template itself says
            return prompt, f"{error.message.rstrip('.!')}. The model continues the prompt."
        except _TEMPLATE_FAULTS as error:
            why = " ".join(str(error).split()) or type(error).__name__
            return prompt, f"The chat template fails ({why}). The model continues the prompt."

    def _settings(self) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for name in ("special_tokens_map.json", "tokenizer_config.json"):
            path = self._source / name
            if path.exists():
                merged |= json.loads(path.read_text(encoding="utf-8"))
        return merged

    def _template(self, settings: Mapping[str, Any]) -> str:
        path = self._source / "chat_template.jinja"
        if path.exists():
            return path.read_text(encoding="utf-8")
        return _default_template(settings.get("chat_template"))

    def begin_ids(self) -> tuple[int, ...]:
        """What the tokenizer's own rules put before a text: a begin-of-text id, or nothing."""
        plain, whole = self.encode("a"), self.encode("a", special=True)
        starts = range(len(whole) - len(plain) + 1)
        return next((tuple(whole[:at]) for at in starts if whole[at : at + len(plain)] == plain), ())

    def prefix_id(self) -> int:
        """What stands before a text that has nothing before it: the id of BOS, else of the end-of-text token, else 0."""
        roles = _roles(self._settings())
        named = (
            self._tokenizer.token_to_id(roles[name]) for name in ("bos_token", "eos_token") if name in roles
        )
        return next((found for found in named if found is not None), next(iter(self.stop_ids()), 0))

    def stop_ids(self) -> tuple[int, ...]:
        """Ids that end a generation, from generation_config.json or config.json."""
        for name in ("generation_config.json", "config.json"):
            path = self._source / name
            if path.exists():
                found = json.loads(path.read_text(encoding="utf-8")).get("eos_token_id")
                if found is not None:
                    return tuple(found) if isinstance(found, list) else (int(found),)
        return ()


def _default_template(stored: object) -> str:
    """tokenizer_config.json holds one template, or a list of named ones."""
    if isinstance(stored, list):
        named = {entry["name"]: entry["template"] for entry in stored}
        stored = named.get("default")
    return stored if isinstance(stored, str) else ""


def _roles(settings: Mapping[str, Any]) -> dict[str, str]:
    """The special tokens that a template may name; older files hold them as dictionaries."""
    roles = {name: value for name, value in settings.items() if name.endswith("_token")}
    texts = {name: v.get("content") if isinstance(v, dict) else v for name, v in roles.items()}
    return {name: text for name, text in texts.items() if isinstance(text, str)}


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
    raise InputError(f"The chat template refuses: {message}")
