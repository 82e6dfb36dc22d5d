"""A portable source directory: one layout that every framework reads the same way.

Law: safetensors only, in the dtype that they are stored in; no output matrix where the embeddings are tied (with the wrong one of the two kept, two frameworks
refuse and two succeed with random embeddings); both spellings of rope and of dtype in config.json; a tokenizer.json;
the chat template in its own file. What is written is read back, and must have no missing weight.
"""

from __future__ import annotations

import json
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
from edgewright.backends.torch.worker.float8 import dequantizer, plain
from edgewright.backends.torch.worker.tokenizer_files import copy_tokenizer, read_json, roles_of
from edgewright.core.jobs.results import Progress
from edgewright.core.model.portable_config import NOT_OURS, portable_config, special_ids
from edgewright.core.model.reference_faults import reference_fault
from edgewright.core.model.weights import leftover, portable_name
from edgewright.core.recipe.recipes import Option
from edgewright.errors import InputError, UnsupportedError
from edgewright.ports import Tell


def write_from_directory(origin: Path, out: Path, options: Mapping[str, Option], tell: Tell) -> list[str]:
    """Normalize a Hugging Face directory; returns what a reader of the report should know."""
    config, notes = _native_config(origin)
    if fault := reference_fault(config.to_dict()):
        raise UnsupportedError(f"{fault}.", hint="Use a GGUF file of the model with llama.cpp.")
    elements: Counter[str] = Counter()
    output = TiedOutput() if config.tie_word_embeddings else None
    shards = find_weights(origin, allow_pickle=bool(options.get("allow_pickle", False)))
    unpack = dequantizer(origin, shards)
    if unpack:
        notes.append("the baseline is dequantized: float8 weights times their scales, in float32")
    for number, shard in enumerate(shards):
        tell(Progress(message=f"reading {shard.name}", fraction=number / len(shards)))
        read = read_shard(shard)
        weights = {
            portable_name(config.model_type, n): w for n, w in read.items() if not leftover(n, w.shape)
        }
        weights = unpack(weights) if unpack else plain(weights)
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
    dtype = elements.most_common(1)[0][0] if elements else "float32"
    notes += copy_tokenizer(origin, out)
    notes += write_config(config, out, dtype=dtype, origin=origin)
    check(out, tell)
    return notes


def _native_config(origin: Path) -> tuple[Any, list[str]]:
    """The configuration, and a note where the model's own code is left aside for Transformers' own.

    Raises:
        UnsupportedError: only the model's own code could run it.
    """
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    declared = json.loads((origin / "config.json").read_text(encoding="utf-8"))
    if "auto_map" not in declared:
        return read_config(origin), []
    if declared.get("model_type") not in CONFIG_MAPPING_NAMES:
        raise UnsupportedError(
            f"{origin.name} needs its own Python code; such models are not supported yet.",
            hint="Give a model whose architecture Transformers supports.",
        )
    return read_config(origin), [
        f"the model's own Python code was not used: Transformers supports {declared['model_type']} itself"
    ]


def read_config(origin: Path) -> Any:
    """The configuration as Transformers understands it; code that came with the model is never run."""
    import transformers
    from huggingface_hub.errors import StrictDataclassError

    try:
        return _scaled(transformers.AutoConfig.from_pretrained(origin, trust_remote_code=False))
    except (TypeError, AttributeError, StrictDataclassError) as error:
        text = " ".join(str(error).split())[:200]
        raise InputError(
            f"config.json cannot be read: {text}.", hint="Check it against the original."
        ) from error
    except (ValueError, KeyError) as error:
        text = str(error).strip().splitlines()[0][:200]
        raise UnsupportedError(
            f"Transformers {transformers.__version__} does not support this architecture: {text}",
            hint="Check model_type in config.json; a newer architecture needs a newer reference toolchain.",
        ) from error


def _scaled(config: Any) -> Any:
    """Where each kind of layer has its rope, Transformers overlooks a scaling that is spelled ``type``, as it was once."""
    rope = getattr(config, "rope_parameters", None)
    for one in rope.values() if isinstance(rope, dict) else ():
        if isinstance(one, dict) and one.get("rope_type", "default") == "default" and one.get("type"):
            one["rope_type"] = one["type"]
    return config


def write_config(config: Any, out: Path, *, dtype: str, origin: Path | None = None) -> list[str]:
    """config.json: the user's own in ``origin``, where there is one, and the spellings of old and new readers beside it.

    Returns what a reader of the report should know.
    """
    now = config.to_dict()
    declared = read_json(origin / "config.json") if origin else {}
    before = read_config(origin).to_dict() if origin else {}
    plain = portable_config(declared, before, now, getattr(config, "attribute_map", None))
    notes: list[str] = []
    if origin:
        roles = roles_of(out if (out / "tokenizer.json").exists() else origin)
        ids, notes = special_ids(declared, read_json(origin / "generation_config.json"), roles, now)
        plain |= ids
    plain["dtype"] = plain["torch_dtype"] = dtype
    plain["tie_word_embeddings"] = bool(config.tie_word_embeddings)
    plain["architectures"] = _known_classes(plain.get("architectures")) or [_causal_class(config)]
    (out / "config.json").write_text(json.dumps(plain, indent=1, default=str), encoding="utf-8")
    _read_back(out, {**now, **{key: plain[key] for key in now if key.endswith("token_id") and key in plain}})
    return notes


def _read_back(out: Path, meant: Mapping[str, Any]) -> None:
    """A reader that is given both spellings must come to the same configuration."""
    read = read_config(out).to_dict()
    exempt = {*NOT_OURS, "dtype", "torch_dtype", "architectures", "tie_word_embeddings"}
    other = sorted(
        key
        for key, value in meant.items()
        if key not in exempt and _plain_rope(read.get(key)) != _plain_rope(value)
    )
    if other:
        raise InputError(
            f"config.json contradicts itself: {other[0]} is read as {read.get(other[0])!r}, but "
            f"{meant[other[0]]!r} is meant."
        )


def _plain_rope(value: Any) -> Any:
    """A rope's settings, of all layers or of each kind, without the older spelling of its kind where both are there."""
    if not isinstance(value, Mapping):
        return value
    kind = value.get("rope_type")
    left = {key: inner for key, inner in value.items() if not (kind and key == "type" and inner == kind)}
    return {key: _plain_rope(inner) for key, inner in left.items()}


def _known_classes(names: Sequence[str] | None) -> list[str]:
    """The classes that Transformers has; a name from the model's own code would mean nothing to any reader."""
    import transformers

    return [name for name in names or () if hasattr(transformers, name)]


def _causal_class(config: Any) -> str:
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES as NAMES

    try:
        return str(NAMES[config.model_type])
    except KeyError as error:
        raise UnsupportedError(f"{config.model_type} is not a text-generation architecture.") from error


def tied_output(name: str, config: Any) -> bool:
    """Whether a weight is the output matrix of a model whose embeddings serve as one."""
    return name == OUTPUT and bool(config.tie_word_embeddings)


def check(out: Path, tell: Tell) -> None:
    """Read back what was written: a weight that is missing would be filled with random numbers in silence.

    Raises:
        InputError: the loader's report is not empty.
    """
    import transformers

    tell(Progress(message="reading the source directory back"))
    _, info = transformers.AutoModelForCausalLM.from_pretrained(
        out, output_loading_info=True, ignore_mismatched_sizes=True
    )
    misshapen = [str(key[0]) for key in info["mismatched_keys"]]
    absent, foreign = sorted({*info["missing_keys"], *misshapen}), sorted(info["unexpected_keys"])
    found = [
        f"{what}: {_some(names)}"
        for what, names in (("missing or with a wrong shape", absent), ("not part of the model", foreign))
        if names
    ]
    if found:
        raise InputError(
            f"The model's weights do not match its configuration; {'; '.join(found)}.",
            hint="Check that config.json and the weights are of the same model.",
        )
    if info["error_msgs"]:
        raise InputError(f"Transformers cannot load the model's weights: {info['error_msgs'][0]}")


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
