"""The tokenizer inside a GGUF file, rebuilt as a tokenizer.json.

Transformers' own conversion guesses a tokenizer class from the model's type; for a Llama model with byte-level BPE it
picked one whose spaces became end-of-text tokens. So a byte-level tokenizer is built here from the file's vocabulary,
merges and the pre-tokenizer that the file names; only SentencePiece vocabularies are left to Transformers.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgewright.errors import UnsupportedError

_ROLES = {"bos": "bos_token", "eos": "eos_token", "unknown": "unk_token", "padding": "pad_token"}
_CONTROL, _USER_DEFINED = 3, 4


def write_tokenizer(origin: Path, out: Path) -> None:
    """Write tokenizer.json, tokenizer_config.json and the chat template of the GGUF file ``origin``.

    Raises:
        UnsupportedError: a pre-tokenizer whose rules are not known here.
    """
    import transformers

    fields = _fields(origin)
    tokens: list[str] = fields["tokenizer.ggml.tokens"]
    if fields["tokenizer.ggml.model"] == "gpt2":
        backend = _byte_level(fields, tokens)
    else:
        backend = transformers.AutoTokenizer.from_pretrained(
            origin.parent, gguf_file=origin.name
        ).backend_tokenizer
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


def _fields(origin: Path) -> dict[str, Any]:
    from gguf import GGUFReader

    fields = GGUFReader(origin).fields
    wanted = [name for name in fields if name.startswith("tokenizer.")]
    return {name: fields[name].contents() for name in wanted}


def _byte_level(fields: Mapping[str, Any], tokens: list[str]) -> Any:
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors

    rules = _rules(str(fields.get("tokenizer.ggml.pre", "gpt-2")))
    merges = [tuple(merge.split(" ", 1)) for merge in fields["tokenizer.ggml.merges"]]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    cuts = [pre_tokenizers.Split(Regex(rule), "isolated") for rule in rules["split"]]
    ending = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=bool(rules["gpt2"]))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*cuts, ending])
    tokenizer.decoder = decoders.ByteLevel()
    kinds = fields.get("tokenizer.ggml.token_type", [])
    for token, kind in zip(tokens, kinds, strict=False):
        if kind in {_CONTROL, _USER_DEFINED}:
            tokenizer.add_tokens([AddedToken(token, special=kind == _CONTROL, normalized=False)])
    if fields.get("tokenizer.ggml.add_bos_token"):
        bos = int(fields["tokenizer.ggml.bos_token_id"])
        special = [(tokens[bos], bos)]
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{tokens[bos]} $A", special_tokens=special
        )
    return tokenizer


def _rules(name: str) -> Mapping[str, Any]:
    table = tomllib.loads((Path(__file__).parent / "pretokenizers.toml").read_text(encoding="utf-8"))
    for rules in table.values():
        if name in rules["names"]:
            return dict(rules)
    raise UnsupportedError(
        f"This GGUF file's pre-tokenizer {name!r} has no known rules.",
        hint="Give the original Hugging Face directory, whose tokenizer.json holds them.",
    )
