"""One tokenizer for all: ids come from the source's tokenizer.json, read by the library that defined the format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edgewright.errors import InputError


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

    def encode(self, text: str) -> list[int]:
        """Ids of a text, without special tokens being added."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def decode(self, ids: list[int]) -> str:
        """The text of ids, special tokens left out."""
        return str(self._tokenizer.decode(ids, skip_special_tokens=True))

    def chat(self, prompt: str) -> str:
        """A user's turn in the model's chat template; the prompt itself where it has none."""
        template = self._source / "chat_template.jinja"
        if not template.exists():
            return prompt
        from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

        settings = json.loads((self._source / "tokenizer_config.json").read_text(encoding="utf-8"))
        roles = {
            key: _text(settings.get(key)) for key in ("bos_token", "eos_token", "pad_token", "unk_token")
        }
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, autoescape=False)
        environment.globals["raise_exception"] = _refuse
        rendered = environment.from_string(template.read_text(encoding="utf-8"))
        messages = [{"role": "user", "content": prompt}]
        return str(rendered.render(messages=messages, add_generation_prompt=True, **roles))

    def stop_ids(self) -> tuple[int, ...]:
        """Ids that end a generation, from generation_config.json or config.json."""
        for name in ("generation_config.json", "config.json"):
            path = self._source / name
            if path.exists():
                found = json.loads(path.read_text(encoding="utf-8")).get("eos_token_id")
                if found is not None:
                    return tuple(found) if isinstance(found, list) else (int(found),)
        return ()


def _text(value: object) -> str:
    return str(value.get("content", "")) if isinstance(value, dict) else str(value or "")


def _refuse(message: str) -> None:
    raise InputError(f"The chat template refuses: {message}")
