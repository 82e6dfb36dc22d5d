"""LoRA adapters as people have them: a folder of small weights, and the base that they belong on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgewright.core.model.weights import PICKLED, SAFETENSORS
from edgewright.errors import InputError, UnsupportedError
from edgewright.inputs import safetensors as safetensors_facts
from edgewright.inputs.directories import Trust, name_of, read_settings

CONFIG = "adapter_config.json"
_WEIGHTS, _PICKLED = "adapter_model.safetensors", "adapter_model.bin"
_TASKS = (None, "", "CAUSAL_LM")


def is_adapter(path: Path) -> bool:
    """Whether a directory holds an adapter and no model.

    Raises:
        InputError: it holds both.
    """
    if not (path / CONFIG).exists():
        return False
    names = {file.name for file in path.iterdir()}
    whole = any(layout.whole in names or layout.index in names for layout in (SAFETENSORS, PICKLED))
    if whole and "config.json" in names:
        raise InputError(
            f"{name_of(path)} contains both a complete model and an adapter ({CONFIG}); it is not clear "
            "which one to use.",
            hint="Move one of them to a separate directory.",
        )
    return True


def check_adapter(path: Path, trust: Trust) -> None:
    """Refuse what cannot be merged.

    Raises:
        InputError: its weights are missing or damaged.
        UnsupportedError: it is no LoRA adapter of a text generator.
    """
    settings = read_settings(path / CONFIG)
    kind, task = str(settings.get("peft_type", "")).upper(), settings.get("task_type")
    if kind != "LORA":
        raise UnsupportedError(
            f"{name_of(path)} is an adapter of type {kind or 'unknown'}; only LoRA adapters are supported.",
            hint="Merge it with its base model using the tool that made it, and give the result.",
        )
    if task not in _TASKS:
        raise UnsupportedError(
            f"{name_of(path)} is an adapter for {task}; only text generation (CAUSAL_LM) is supported."
        )
    if (path / _WEIGHTS).exists():
        safetensors_facts.check(path / _WEIGHTS)
    elif not (path / _PICKLED).exists():
        raise InputError(f"{name_of(path)} is an adapter without weights.", hint=f"Add its {_WEIGHTS}.")
    elif not trust.allow_pickle:
        raise InputError(
            f"{name_of(path)} has only pickled weights ({_PICKLED}); unpickling can run code.",
            hint="Get a safetensors version, or pass --allow-pickle if you trust where it came from.",
        )


def base_of(path: Path, given: str) -> str:
    """The base as the user gave it, or as the adapter names it: a directory on this disk or a hub id.

    Raises:
        InputError: neither names one.
    """
    if given:
        return given
    named: Any = read_settings(path / CONFIG).get("base_model_name_or_path")
    if not isinstance(named, str) or not named:
        raise InputError(
            f"{name_of(path)} is a LoRA adapter that names no base model.",
            hint="Give the base model: --base DIR.",
        )
    for place in (Path(named).expanduser(), path / named):
        if (place / "config.json").exists():
            return str(place)
    return named


def no_base(path: Path, base: str, why: str) -> InputError:
    """The adapter's base cannot be had."""
    return InputError(
        f"{name_of(path)} is a LoRA adapter; its base model {base} cannot be loaded: {why}",
        hint="Give the base model: --base DIR.",
    )
