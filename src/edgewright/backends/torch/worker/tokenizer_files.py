"""The tokenizer of a Hugging Face directory, as a portable source holds it.

Law: a tokenizer.json, made from the older files where there is none; no code of the model's own, no class that
Transformers lacks; the chat template in its own file.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgewright.backends.torch.worker.sentencepiece_twin import agree
from edgewright.core.model.chat_templates import default_template
from edgewright.core.model.vocabulary import token_text, tokens_of
from edgewright.errors import InputError, UnsupportedError

COPIED = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "tokenizer.model",
    "vocab.json",
    "merges.txt",
    "vocab.txt",
    "chat_template.jinja",
    "generation_config.json",
)
_PLAIN = "PreTrainedTokenizerFast"
"""The class whose tokenizer.json says it all."""

_NEWEST = ("backend", "is_local", "extra_special_tokens")
"""Settings that only the release which writes them can read."""


def copy_tokenizer(origin: Path, out: Path) -> list[str]:
    """Tokenizer files, a fast tokenizer.json made where there is none, and the chat template; what is to be told of them."""
    copy_companions(origin, out)
    settings = read_json(out / "tokenizer_config.json")
    notes = _without_code(settings, out)
    if not (out / "tokenizer.json").exists():
        notes += _make(origin, out)
    notes += _with_known_class(out)
    template = out / "chat_template.jinja"
    stored = _template_of(origin, settings)
    if stored and not template.exists():
        template.write_text(stored, encoding="utf-8")
    return notes


def copy_companions(origin: Path, out: Path) -> None:
    """The tokenizer and what else a portable source holds beside weights and configuration."""
    for name in COPIED:
        if (origin / name).exists():
            shutil.copyfile(origin / name, out / name)


def roles_of(directory: Path) -> dict[str, int]:
    """The ids of the tokens that the tokenizer's own settings call bos, eos and pad."""
    settings = read_json(directory / "special_tokens_map.json") | read_json(
        directory / "tokenizer_config.json"
    )
    ids = tokens_of(read_json(directory / "tokenizer.json"))
    texts = {role: token_text(settings.get(f"{role}_token")) for role in ("bos", "eos", "pad")}
    return {role: ids[text] for role, text in texts.items() if text in ids}


def read_json(path: Path) -> dict[str, Any]:
    """The settings in a file; none where there is no such file."""
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _make(origin: Path, out: Path) -> list[str]:
    """A tokenizer.json from older files, by Transformers."""
    import transformers

    try:
        made = transformers.AutoTokenizer.from_pretrained(origin, use_fast=True, trust_remote_code=False)
        made.save_pretrained(out)
    # The library that reads a file of SentencePiece raises errors of its own.
    except Exception as error:
        hint = "Add its tokenizer.json to the directory."
        why = next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]
        raise InputError(f"{origin} has no readable tokenizer: {why}", hint=hint) from error
    if not (out / "tokenizer.json").exists():
        raise InputError(f"{origin} has no readable tokenizer.", hint="Add its tokenizer.json to it.")
    if (origin / "tokenizer.model").exists():
        agree(out, origin / "tokenizer.model")
    # Its own settings stay but for the class: Transformers' own would build another tokenizer than the one that was made.
    made_of = {k: v for k, v in read_json(out / "tokenizer_config.json").items() if k not in _NEWEST}
    settings = {**made_of, **read_json(origin / "tokenizer_config.json")}
    _write_settings(out, {**settings, "tokenizer_class": _PLAIN})
    return ["the tokenizer.json was made from the older tokenizer files"]


def _write_settings(out: Path, settings: Mapping[str, Any]) -> None:
    (out / "tokenizer_config.json").write_text(json.dumps(settings, indent=1), encoding="utf-8")


def _with_known_class(out: Path) -> list[str]:
    """A class that Transformers lacks would be asked for in vain by the readers that look."""
    import transformers

    settings = read_json(out / "tokenizer_config.json")
    name = str(settings.get("tokenizer_class") or "")
    if not name or any(
        hasattr(transformers, known) for known in (name, f"{name}Fast", name.removesuffix("Fast"))
    ):
        return []
    settings["tokenizer_class"] = _PLAIN
    _write_settings(out, settings)
    return [f"the tokenizer's class {name} is not supported by Transformers: tokenizer.json is read instead"]


def _without_code(settings: dict[str, Any], out: Path) -> list[str]:
    """Readers that find ``auto_map`` ask for permission to run it: it is left out, and tokenizer.json says it all."""
    if "auto_map" not in settings:
        return []
    if not (out / "tokenizer.json").exists():
        raise UnsupportedError(
            "The tokenizer needs its own Python code; such models are not supported yet.",
            hint="Add its tokenizer.json to the directory.",
        )
    del settings["auto_map"]
    settings["tokenizer_class"] = _PLAIN
    _write_settings(out, settings)
    return ["the tokenizer's own Python code was not used: tokenizer.json is read instead"]


def _template_of(origin: Path, settings: dict[str, Any]) -> str:
    """The template beside the tokenizer's settings or in them; of several named ones the one called default."""
    older = origin / "chat_template.json"
    stored = read_json(older).get("chat_template") if older.exists() else None
    return default_template(stored or settings.get("chat_template"))
