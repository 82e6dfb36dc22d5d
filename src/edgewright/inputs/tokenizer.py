"""One tokenizer for all: ids come from the source's tokenizer.json, read by the library that defined the format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgewright.core.model.chat_templates import default_template
from edgewright.core.quoted import quoted
from edgewright.errors import InputError
from edgewright.inputs.rendering import Render, render_bounded
from edgewright.sites.local.documents import read_bytes, read_settings

_CONTINUES = "The model continues the prompt."
_TOO_HIGH = 2**31


class SourceTokenizer:
    """The tokenizer of a portable source directory. ``render`` renders its chat template."""

    def __init__(self, source: Path, render: Render = render_bounded) -> None:
        from tokenizers import Tokenizer  # noqa: PLC0415  # only when text is tokenized

        self._source = source
        self._render = render
        self._turns: dict[str, tuple[str, str]] = {}
        data = read_bytes(source / "tokenizer.json")
        try:
            self._tokenizer: Any = Tokenizer.from_buffer(data)
        except Exception as error:  # the library raises a bare Exception
            raise InputError(
                f"The tokenizer of {source} cannot be read.", hint="Check its tokenizer.json."
            ) from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Ids of a text; ``special`` adds what the model expects around a plain text (such as BOS)."""
        try:
            return list(self._tokenizer.encode(text, add_special_tokens=special).ids)
        except Exception as error:  # as above
            raise InputError(
                f"The tokenizer of {self._source} cannot encode a text: {error}.",
                hint="Check its tokenizer.json.",
            ) from error

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
        """The turn, and why it is the prompt itself; rendered once a prompt."""
        if prompt not in self._turns:
            self._turns[prompt] = self._rendered(prompt)
        return self._turns[prompt]

    def _rendered(self, prompt: str) -> tuple[str, str]:
        try:
            settings = self._settings()
            template = self._template(settings)
        except InputError as error:
            return prompt, f"The chat template cannot be read ({error.message.rstrip('.')}). {_CONTINUES}"
        if not template:
            return prompt, "The model has no chat template: it continues the prompt."
        turn, lack = self._render(template, prompt, _roles(settings))
        return (prompt, f"{lack} {_CONTINUES}") if lack else (turn, "")

    def _settings(self) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for name in ("special_tokens_map.json", "tokenizer_config.json"):
            path = self._source / name
            if path.exists():
                merged |= read_settings(path)
        return merged

    def _template(self, settings: Mapping[str, Any]) -> str:
        path = self._source / "chat_template.jinja"
        if path.exists():
            return read_bytes(path).decode("utf-8", errors="replace")
        return default_template(settings.get("chat_template"))

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
                found = read_settings(path).get("eos_token_id")
                if found is not None:
                    return _ids(found, path)
        return ()


def _ids(found: object, path: Path) -> tuple[int, ...]:
    """Token ids of a setting; some models say that they have none by a negative one."""
    ids: list[Any] = found if isinstance(found, list) else [found]
    if any(isinstance(n, bool) or not isinstance(n, int) or n >= _TOO_HIGH for n in ids):
        raise InputError(f"{path} says eos_token_id: {quoted(found)}, which is not a token id.")
    return tuple(n for n in ids if n >= 0)


def _roles(settings: Mapping[str, Any]) -> dict[str, str]:
    """The special tokens that a template may name; older files hold them as dictionaries."""
    roles = {name: value for name, value in settings.items() if name.endswith("_token")}
    texts = {name: v.get("content") if isinstance(v, dict) else v for name, v in roles.items()}
    return {name: text for name, text in texts.items() if isinstance(text, str)}
