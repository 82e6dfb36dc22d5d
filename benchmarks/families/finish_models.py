"""What a row asks for beside its config: a tokenizer of its family's kind, routers whose choices are far apart.

Called as ``finish_models.py ROWS.toml OUT TEXT [ROW...]`` by the reference's Python, after make_models.py. TEXT is what
sentencepiece learns its pieces from.
"""

import json
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sentencepiece
from safetensors.torch import load_file, save_file

PIECES = 4000
SHARPER = 8.0
"""Of random routers' choices, some are so close that the rounding of a kernel changes them; of trained ones few are."""
ROUTERS = ("gate.weight", "router.weight", "router.layer.weight")


def sharpen(folder: Path) -> None:
    """Multiply every router's weights."""
    file = folder / "model.safetensors"
    weights = load_file(file)
    found = [name for name in weights if name.endswith(ROUTERS)]
    if not found:
        raise LookupError(f"{folder.name} has no router.")
    for name in found:
        weights[name] *= SHARPER
    save_file(weights, file, metadata={"format": "pt"})


def pieces(folder: Path, text: Path, *, prefix: bool, ids: dict[str, Any], names: dict[str, str]) -> None:
    """A tokenizer.model as the family's own: ``prefix`` puts a space before a text."""
    for file in folder.glob("*token*"):
        file.unlink()
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    sentencepiece.SentencePieceTrainer.train(
        input=str(text),
        model_prefix=str(folder / "pieces"),
        vocab_size=PIECES,
        model_type="bpe",
        byte_fallback=True,
        split_digits=True,
        allow_whitespace_only_pieces=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        add_dummy_prefix=prefix,
        minloglevel=2,
        **ids,
    )
    (folder / "pieces.model").rename(folder / "tokenizer.model")
    (folder / "pieces.vocab").unlink()
    (folder / "tokenizer_config.json").write_text(json.dumps(names))


def llama_pieces(folder: Path, text: Path) -> None:
    """As Llama 2, Mistral and Phi-3 have them."""
    ids = {"unk_id": 0, "bos_id": 1, "eos_id": 2, "pad_id": -1}
    names = {
        "tokenizer_class": "LlamaTokenizer",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
    }
    pieces(folder, text, prefix=True, ids=ids, names=names)


def gemma_pieces(folder: Path, text: Path) -> None:
    """As all Gemmas have them; a text begins with <bos>, without a space."""
    ids = {
        "pad_id": 0,
        "eos_id": 1,
        "bos_id": 2,
        "unk_id": 3,
        "pad_piece": "<pad>",
        "eos_piece": "<eos>",
        "bos_piece": "<bos>",
    }
    names = {
        "tokenizer_class": "GemmaTokenizer",
        "bos_token": "<bos>",
        "eos_token": "<eos>",
        "unk_token": "<unk>",
        "pad_token": "<pad>",
    }
    pieces(folder, text, prefix=False, ids=ids, names=names)


TOKENIZERS: dict[str, Callable[[Path, Path], None]] = {
    "llama": llama_pieces,
    "gemma": gemma_pieces,
}

rows, out, corpus = tomllib.loads(Path(sys.argv[1]).read_text())["rows"], Path(sys.argv[2]), Path(sys.argv[3])
for name in sys.argv[4:] or rows:
    if not (out / name).is_dir():
        continue
    if "tokenizer" in rows[name]:
        TOKENIZERS[rows[name]["tokenizer"]](out / name, corpus)
    if rows[name].get("sharp_router"):
        sharpen(out / name)
