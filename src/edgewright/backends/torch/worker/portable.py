"""A portable source directory: one layout that every framework reads the same way.

Law: safetensors only; no output matrix where the embeddings are tied (with the wrong one of the two kept, two frameworks
refuse and two succeed with random embeddings); both spellings of rope and of dtype in config.json; a tokenizer.json;
the chat template in its own file. What is written is read back, and must have no missing weight.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from edgewright.core.jobs import Progress
from edgewright.core.recipe import Option
from edgewright.errors import InputError, UnsupportedError
from edgewright.ports import Tell

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
_OUTPUT = "lm_head.weight"
_NOT_OURS = {
    "_name_or_path",
    "_model_name_or_path",
    "auto_map",
    "chunk_size_feed_forward",
    "id2label",
    "label2id",
    "output_attentions",
    "output_hidden_states",
    "return_dict",
    "transformers_version",
}
"""Settings of one library's objects, not of the model."""


def write_from_directory(origin: Path, out: Path, options: Mapping[str, Option], tell: Tell) -> list[str]:
    """Normalize a Hugging Face directory; returns what a reader of the report should know."""
    notes: list[str] = []
    trust = bool(options.get("allow_remote_code", False))
    config = read_config(origin, trust=trust)
    tied = bool(config.tie_word_embeddings)
    dtypes: set[str] = set()
    shards = list(_shards(origin, allow_pickle=bool(options.get("allow_pickle", False))))
    for number, shard in enumerate(shards):
        tell(Progress(message=f"reading {shard.name}", fraction=number / len(shards)))
        weights = _read_shard(shard)
        if tied and weights.pop(_OUTPUT, None) is not None:
            notes.append("the stored output matrix was left out: the configuration ties it to the embeddings")
        dtypes |= {str(w.dtype).split(".")[-1] for w in weights.values() if w.is_floating_point()}
        save_weights(weights, out / f"model-{number + 1:05d}-of-{len(shards):05d}.safetensors")
    finish_weights(out)
    write_config(config, out, dtype="float32" if "float32" in dtypes else (sorted(dtypes) or ["float32"])[0])
    copy_tokenizer(origin, out, trust=trust)
    check(out, tell)
    return notes


def read_config(origin: Path, *, trust: bool = False) -> Any:
    """The configuration as Transformers understands it."""
    import transformers

    try:
        return transformers.AutoConfig.from_pretrained(origin, trust_remote_code=trust)
    except (ValueError, KeyError) as error:
        text = str(error).strip().splitlines()[0][:200]
        raise UnsupportedError(
            f"Transformers {transformers.__version__} does not know this architecture: {text}",
            hint="Check model_type in config.json; a newer architecture needs a newer reference toolchain.",
        ) from error


def _shards(origin: Path, *, allow_pickle: bool) -> Iterator[Path]:
    safe = sorted(origin.glob("*.safetensors"))
    if safe:
        yield from safe
    elif allow_pickle:
        yield from sorted(origin.glob("pytorch_model*.bin"))
    else:
        raise InputError(f"{origin} has no safetensors weights.", hint="Pickled weights need --allow-pickle.")


def _read_shard(shard: Path) -> dict[str, Any]:
    if shard.suffix == ".safetensors":
        from safetensors.torch import load_file

        try:
            return dict(load_file(shard))
        except Exception as error:  # safetensors' own error type is not public
            raise InputError(
                f"{shard.name} is truncated or damaged: {error}.", hint="Download it again."
            ) from error
    import torch

    weights: dict[str, Any] = torch.load(shard, map_location="cpu", weights_only=True)
    return weights


def save_weights(weights: Mapping[str, Any], path: Path) -> None:
    """Write tensors, each contiguous and with memory of its own, as safetensors demands."""
    from safetensors.torch import save_file

    save_file({name: w.contiguous().clone() for name, w in weights.items()}, path, metadata={"format": "pt"})


def finish_weights(out: Path) -> None:
    """One shard gets the plain name; several get the index that loaders look for."""
    from safetensors import safe_open

    shards = sorted(out.glob("model-*.safetensors"))
    if len(shards) == 1:
        shards[0].rename(out / "model.safetensors")
        return
    places: dict[str, str] = {}
    for shard in shards:
        with safe_open(shard, framework="pt") as file:
            places |= dict.fromkeys(file.keys(), shard.name)
    total = sum(shard.stat().st_size for shard in shards)
    index = {"metadata": {"total_size": total}, "weight_map": places}
    (out / "model.safetensors.index.json").write_text(json.dumps(index, indent=1), encoding="utf-8")


def write_config(config: Any, out: Path, *, dtype: str) -> None:
    """config.json with the spellings of old and new readers side by side."""
    plain = config.to_dict()
    rope = plain.get("rope_parameters")
    if isinstance(rope, dict) and "rope_theta" in rope:
        plain["rope_theta"] = rope["rope_theta"]
        if rope.get("rope_type", "default") != "default":
            plain["rope_scaling"] = {key: value for key, value in rope.items() if key != "rope_theta"}
    plain["dtype"] = plain["torch_dtype"] = dtype
    plain["tie_word_embeddings"] = bool(config.tie_word_embeddings)
    plain["architectures"] = plain.get("architectures") or [_causal_class(config)]
    plain = {key: value for key, value in plain.items() if value is not None and key not in _NOT_OURS}
    (out / "config.json").write_text(json.dumps(plain, indent=1, default=str), encoding="utf-8")


def _causal_class(config: Any) -> str:
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES as NAMES

    try:
        return str(NAMES[config.model_type])
    except KeyError as error:
        raise UnsupportedError(f"{config.model_type} is no text-generation architecture.") from error


def copy_tokenizer(origin: Path, out: Path, *, trust: bool) -> None:
    """Tokenizer files, a fast tokenizer.json made where there is none, and the chat template in its own file."""
    import transformers

    for name in COPIED:
        if (origin / name).exists():
            shutil.copyfile(origin / name, out / name)
    if not (out / "tokenizer.json").exists():
        try:
            made = transformers.AutoTokenizer.from_pretrained(origin, use_fast=True, trust_remote_code=trust)
            made.save_pretrained(out)
        except (ValueError, OSError, KeyError) as error:
            hint = "Add its tokenizer.json to the directory."
            raise InputError(f"{origin} has no tokenizer that can be read.", hint=hint) from error
    settings = out / "tokenizer_config.json"
    template = out / "chat_template.jinja"
    if settings.exists() and not template.exists():
        stored = json.loads(settings.read_text(encoding="utf-8")).get("chat_template")
        if isinstance(stored, str):
            template.write_text(stored, encoding="utf-8")


def check(out: Path, tell: Tell) -> None:
    """Read back what was written: a weight that is missing would be filled with random numbers in silence."""
    import transformers

    tell(Progress(message="reading the source directory back"))
    _, info = transformers.AutoModelForCausalLM.from_pretrained(out, output_loading_info=True)
    missing, foreign = sorted(info["missing_keys"]), sorted(info["unexpected_keys"])
    if missing or info["mismatched_keys"]:
        names = ", ".join([*missing, *(str(key) for key in info["mismatched_keys"])][:3])
        raise InputError(
            f"The model's weights do not match its configuration; missing or misshapen: {names}."
        )
    if foreign:
        tell(
            Progress(
                message=f"{len(foreign)} stored tensors have no place in the model, such as {foreign[0]}"
            )
        )
