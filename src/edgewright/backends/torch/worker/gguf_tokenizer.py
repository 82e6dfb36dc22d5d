"""The tokenizer inside a GGUF file, rebuilt as a tokenizer.json.

Transformers' own conversion guesses a tokenizer class from the model's type; for a Llama model with byte-level BPE it
picked one whose spaces became end-of-text tokens. So it is built here from the file's vocabulary, merges or scores, and the
pre-tokenizer that the file names.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgewright.backends.torch.worker.gguf_sentencepiece import sentencepiece
from edgewright.errors import InputError, UnsupportedError

_ROLES = {"bos": "bos_token", "eos": "eos_token", "unknown": "unk_token", "padding": "pad_token"}
_CONTROL, _USER_DEFINED = 3, 4
_BEGIN_BY_DEFAULT = frozenset({"llama"})
"""Kinds of tokenizers that put a begin-of-text first unless the file says no."""


def write_tokenizer(fields: Mapping[str, Any], out: Path) -> None:
    """Write tokenizer.json, tokenizer_config.json and the chat template from a GGUF file's metadata.

    Raises:
        UnsupportedError: a kind of tokenizer, or a pre-tokenizer, whose rules are not known here.
        InputError: no vocabulary.
    """
    import transformers

    tokens: Sequence[str] = fields.get("tokenizer.ggml.tokens", ())
    if not tokens:
        raise InputError("This GGUF file contains no vocabulary.", hint="Give the model's own GGUF file.")
    kind = str(fields.get("tokenizer.ggml.model", ""))
    builders = {"gpt2": _byte_level, "llama": sentencepiece}
    if kind not in builders:
        raise UnsupportedError(
            f"The tokenizer kind {kind!r} of this GGUF file is not supported.",
            hint="Give the original Hugging Face directory, which has a tokenizer.json.",
        )
    backend = builders[kind](fields, tokens)
    _add_tokens(backend, fields, tokens)
    _add_begin(backend, fields, tokens, default=kind in _BEGIN_BY_DEFAULT)
    roles = {
        name: tokens[int(fields[f"tokenizer.ggml.{role}_token_id"])]
        for role, name in _ROLES.items()
        if f"tokenizer.ggml.{role}_token_id" in fields
    }
    made: Any = transformers.PreTrainedTokenizerFast(tokenizer_object=backend, **roles)
    made.chat_template = fields.get("tokenizer.chat_template")
    made.save_pretrained(out)
    settings = out / "tokenizer_config.json"
    plain = json.loads(settings.read_text(encoding="utf-8"))
    # The name that every release and every other reader knows; the newest writes one that only it does.
    plain["tokenizer_class"] = "PreTrainedTokenizerFast"
    settings.write_text(json.dumps(plain, indent=1), encoding="utf-8")


def _add_tokens(tokenizer: Any, fields: Mapping[str, Any], tokens: Sequence[str]) -> None:
    """Tokens that are found in a text before anything is split; those that control are special."""
    from tokenizers import AddedToken

    kinds = fields.get("tokenizer.ggml.token_type", ())
    wanted = [
        AddedToken(token, special=int(kind) == _CONTROL, normalized=False)
        for token, kind in zip(tokens, kinds, strict=False)
        if int(kind) in {_CONTROL, _USER_DEFINED}
    ]
    tokenizer.add_tokens(wanted)


def _add_begin(tokenizer: Any, fields: Mapping[str, Any], tokens: Sequence[str], *, default: bool) -> None:
    """The begin-of-text token before a text, where the file says so or its kind of tokenizer does by default."""
    from tokenizers import processors

    begins = fields.get("tokenizer.ggml.add_bos_token", default)
    if begins and "tokenizer.ggml.bos_token_id" in fields:
        bos = int(fields["tokenizer.ggml.bos_token_id"])
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{tokens[bos]} $A", special_tokens=[(tokens[bos], bos)]
        )


def _byte_level(fields: Mapping[str, Any], tokens: Sequence[str]) -> Any:
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

    rules = _rules(str(fields.get("tokenizer.ggml.pre", "gpt-2")))
    merges: Any = [tuple(merge.split(" ", 1)) for merge in _merges(fields)]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    cuts = [pre_tokenizers.Split(Regex(rule), "isolated") for rule in rules["split"]]
    ending = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=bool(rules["gpt2"]))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*cuts, ending])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _merges(fields: Mapping[str, Any]) -> Sequence[str]:
    found = fields.get("tokenizer.ggml.merges", ())
    if not found or not all(isinstance(merge, str) and " " in merge for merge in found):
        raise InputError("This GGUF file's tokenizer has no merges.", hint="Download it again.")
    return tuple(found)


def _rules(name: str) -> Mapping[str, Any]:
    table = tomllib.loads((Path(__file__).parent / "pretokenizers.toml").read_text(encoding="utf-8"))
    for rules in table.values():
        if name in rules["names"]:
            return dict(rules)
    raise UnsupportedError(
        f"The pre-tokenizer {name!r} of this GGUF file is not supported.",
        hint="Give the original Hugging Face directory, which has a tokenizer.json.",
    )
