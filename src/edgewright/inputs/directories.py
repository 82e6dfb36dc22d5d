"""A Hugging Face directory, checked without running any of it: is it a text generator, whole, and of plain numbers?

Law: ``assess`` and ``optimize`` refuse the same directories in the same words, before anything is prepared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgewright.core.model.facts import TensorShape
from edgewright.core.model.generators import no_generator
from edgewright.core.model.quantized import SIDE_FILES, recognise
from edgewright.core.model.weights import PICKLED
from edgewright.errors import InputError, UnsupportedError
from edgewright.inputs import safetensors as safetensors_facts
from edgewright.inputs.vocabularies import check_vocabulary, demand_tokenizer
from edgewright.sites.local import documents

_CACHE_PREFIX = "models--"
_SETTINGS = (
    "generation_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.json",
)
"""Files that a model may lack; one that is there has to be whole."""


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Risks a user takes by name; both default to no."""

    allow_pickle: bool = False
    allow_remote_code: bool = False


def check_directory(path: Path, trust: Trust) -> tuple[str, ...]:
    """Refuse what cannot become a portable source; what a reader of the report has to know of the rest.

    Raises:
        InputError: something is missing, damaged, or does not belong together.
        UnsupportedError: it is not a text generator, or its weights are quantized in a way that is not read.
    """
    settings = read_settings(path / "config.json")
    what = no_generator(settings)
    if what:
        raise UnsupportedError(
            f"{name_of(path)} is {what}; only decoder-only text generators are supported.",
            hint="Give a model whose config.json names a ...ForCausalLM class.",
        )
    _refuse_code(path, settings, trust)
    shards = safetensors_facts.weight_files(path)
    tensors = [tensor for shard in shards for tensor in safetensors_facts.check(shard)]
    notes = _quantized(path, settings, tensors)
    if not shards:
        _refuse_pickled(path, trust)
    demand_tokenizer(path)
    for name in _SETTINGS:
        if (path / name).exists():
            documents.read_settings(path / name)
    check_vocabulary(path, tensors)
    other = safetensors_facts.other_save(path)
    return (*notes, other) if other else notes


def name_of(path: Path) -> str:
    """A directory's name; a snapshot in the hub's cache is called as on the hub, not by its commit."""
    if path.parent.name == "snapshots" and path.parent.parent.name.startswith(_CACHE_PREFIX):
        return path.parent.parent.name.removeprefix(_CACHE_PREFIX).rsplit("--", 1)[-1]
    return path.name


def read_settings(file: Path) -> dict[str, Any]:
    """What a JSON file of settings holds.

    Raises:
        InputError: it is not there, is no JSON, or holds no settings.
    """
    if not file.exists():
        hint = "Point to the directory that from_pretrained would load."
        raise InputError(
            f"{file.parent} has no {file.name}, so it is not a Hugging Face model directory.", hint=hint
        )
    return documents.read_settings(file)


def _quantized(path: Path, settings: Mapping[str, Any], tensors: Sequence[TensorShape]) -> tuple[str, ...]:
    side = {name: read_settings(path / name) for name in SIDE_FILES if (path / name).exists()}
    found = recognise(settings, side, tensors)
    if found is None or found.readable:
        return ()
    method = f" ({found.method})" if found.method else ""
    raise UnsupportedError(
        f"{name_of(path)} contains weights that are already quantized{method}: {found.evidence}.",
        hint="Give the unquantized original: every build is made from it and compared with it.",
    )


def _refuse_code(path: Path, settings: Mapping[str, Any], trust: Trust) -> None:
    if "auto_map" in settings and not trust.allow_remote_code:
        raise InputError(
            f"{name_of(path)} requires its own Python code (auto_map in config.json).",
            hint="Read that code, then pass --allow-remote-code if you trust it.",
        )


def _refuse_pickled(path: Path, trust: Trust) -> None:
    pickled = safetensors_facts.weight_files(path, PICKLED)
    if not pickled:
        raise InputError(f"{path} has no safetensors weights.", hint="Download the model's weights into it.")
    if not trust.allow_pickle:
        raise InputError(
            f"{name_of(path)} has only pickled weights ({pickled[0].name}); unpickling can run code.",
            hint="Get a safetensors version, or pass --allow-pickle if you trust where it came from.",
        )
