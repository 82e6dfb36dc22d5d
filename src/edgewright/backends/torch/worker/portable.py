"""A portable source directory: one layout that every framework reads the same way.

Law: safetensors only, in the dtype that they are stored in; no output matrix where the embeddings are tied (with the wrong one of the two kept, two frameworks
refuse and two succeed with random embeddings); both spellings of rope and of dtype in config.json; a tokenizer.json;
the chat template in its own file. What is written is read back, and must have no missing weight.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgewright.backends.torch.worker.checkpoint import (
    OUTPUT,
    TiedOutput,
    find_weights,
    finish_weights,
    read_shard,
    save_weights,
)
from edgewright.core.answers import Progress
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
    config, notes = _native_config(origin)
    elements: Counter[str] = Counter()
    output = TiedOutput() if config.tie_word_embeddings else None
    shards = find_weights(origin, allow_pickle=bool(options.get("allow_pickle", False)))
    for number, shard in enumerate(shards):
        tell(Progress(message=f"reading {shard.name}", fraction=number / len(shards)))
        weights = read_shard(shard)
        if output:
            output.take_from(weights)
        for weight in weights.values():
            if weight.is_floating_point():
                elements[str(weight.dtype).removeprefix("torch.")] += weight.numel()
        if weights:
            save_weights(weights, out / f"part-{number:05d}.safetensors")
    if output and output.stored is not None:
        if output.differs:
            config.tie_word_embeddings = False
            save_weights({OUTPUT: output.stored}, out / "part-output.safetensors")
        notes.append(output.note)
    finish_weights(out)
    write_config(config, out, dtype=elements.most_common(1)[0][0] if elements else "float32")
    notes += copy_tokenizer(origin, out)
    check(out, tell)
    return notes


def _native_config(origin: Path) -> tuple[Any, list[str]]:
    """The configuration, and a note where the model's own code is left aside for Transformers' own.

    Raises:
        UnsupportedError: only the model's own code could run it.
    """
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    said = json.loads((origin / "config.json").read_text(encoding="utf-8"))
    if "auto_map" not in said:
        return read_config(origin), []
    if said.get("model_type") not in CONFIG_MAPPING_NAMES:
        raise UnsupportedError(
            f"{origin.name} runs with Python code of its own only, and such models are not built yet.",
            hint="Give a model whose architecture Transformers knows.",
        )
    return read_config(origin), [
        f"the model's own Python code was not used: Transformers knows {said['model_type']} itself"
    ]


def read_config(origin: Path) -> Any:
    """The configuration as Transformers understands it; code that came with the model is never run."""
    import transformers

    try:
        return transformers.AutoConfig.from_pretrained(origin, trust_remote_code=False)
    except (ValueError, KeyError) as error:
        text = str(error).strip().splitlines()[0][:200]
        raise UnsupportedError(
            f"Transformers {transformers.__version__} does not know this architecture: {text}",
            hint="Check model_type in config.json; a newer architecture needs a newer reference toolchain.",
        ) from error


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
    plain["architectures"] = _known_classes(plain.get("architectures")) or [_causal_class(config)]
    plain = {key: value for key, value in plain.items() if value is not None and key not in _NOT_OURS}
    (out / "config.json").write_text(json.dumps(plain, indent=1, default=str), encoding="utf-8")


def _known_classes(names: Sequence[str] | None) -> list[str]:
    """The classes that Transformers has; a name from the model's own code would mean nothing to any reader."""
    import transformers

    return [name for name in names or () if hasattr(transformers, name)]


def _causal_class(config: Any) -> str:
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES as NAMES

    try:
        return str(NAMES[config.model_type])
    except KeyError as error:
        raise UnsupportedError(f"{config.model_type} is no text-generation architecture.") from error


def copy_tokenizer(origin: Path, out: Path) -> list[str]:
    """Tokenizer files, a fast tokenizer.json made where there is none, and the chat template in its own file."""
    import transformers

    for name in COPIED:
        if (origin / name).exists():
            shutil.copyfile(origin / name, out / name)
    settings = _read_json(out / "tokenizer_config.json")
    notes = _without_code(settings, out)
    if not (out / "tokenizer.json").exists():
        try:
            made = transformers.AutoTokenizer.from_pretrained(origin, use_fast=True, trust_remote_code=False)
            made.save_pretrained(out)
        except (ValueError, OSError, KeyError) as error:
            hint = "Add its tokenizer.json to the directory."
            raise InputError(f"{origin} has no tokenizer that can be read.", hint=hint) from error
    template = out / "chat_template.jinja"
    stored = _default_template(settings.get("chat_template"))
    if stored and not template.exists():
        template.write_text(stored, encoding="utf-8")
    return notes


def _read_json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _without_code(settings: dict[str, Any], out: Path) -> list[str]:
    """Readers that find ``auto_map`` ask for permission to run it: it is left out, and tokenizer.json says it all."""
    if "auto_map" not in settings:
        return []
    if not (out / "tokenizer.json").exists():
        raise UnsupportedError(
            "The tokenizer runs with Python code of its own only, and such models are not built yet.",
            hint="Add its tokenizer.json to the directory.",
        )
    del settings["auto_map"]
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    (out / "tokenizer_config.json").write_text(json.dumps(settings, indent=1), encoding="utf-8")
    return ["the tokenizer's own Python code was not used: tokenizer.json is read instead"]


def _default_template(stored: object) -> str:
    """tokenizer_config.json holds one template, or a list of named ones."""
    if isinstance(stored, list):
        stored = {entry["name"]: entry["template"] for entry in stored}.get("default")
    return stored if isinstance(stored, str) else ""


def tied_output(name: str, config: Any) -> bool:
    """Whether a weight is the output matrix of a model whose embeddings serve as one."""
    return name == OUTPUT and bool(config.tie_word_embeddings)


def copy_companions(origin: Path, out: Path) -> None:
    """The tokenizer and what else a portable source holds beside weights and configuration."""
    for name in COPIED:
        if (origin / name).exists():
            shutil.copyfile(origin / name, out / name)


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
