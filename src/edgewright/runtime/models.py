"""Finds the model that a user named, checks its files without running any of them, and reads its facts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgewright.core.gguf.parts import model_name
from edgewright.core.keys import digest
from edgewright.core.model import ModelFacts, SourceKind
from edgewright.core.weights import PICKLED
from edgewright.errors import InputError, UnsupportedError
from edgewright.runtime import gguf_facts, hub, safetensors_facts

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_QUANTIZED = ("quantization_config", "compression_config", "quantization")
"""Where the tools that store quantized weights in a Hugging Face directory say that they did."""
_LATER = {
    ".onnx": "ONNX",
    ".tflite": "TensorFlow Lite",
    ".xml": "OpenVINO",
    ".mlmodel": "Core ML",
    ".pt": "pickled PyTorch",
}


@dataclass(frozen=True, kw_only=True)
class Origin:
    """A model as the user has it. ``fingerprint`` names its files by path, size and time of change."""

    kind: SourceKind
    path: Path
    name: str
    said: str
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Risks a user takes by name; both default to no."""

    allow_pickle: bool = False
    allow_remote_code: bool = False


def locate(said: str, *, offline: bool, trust: Trust) -> Origin:
    """The files behind a path or a hub id.

    Raises:
        InputError: nothing is there, or what is there is no whole model.
        UnsupportedError: a kind of input that cannot be built from yet, or weights that are quantized already.
        OfflineError: a hub id whose files are not cached, without a network.
    """
    path = Path(said).expanduser()
    if path.is_dir():
        return _directory(path.resolve(), said, SourceKind.DIRECTORY, trust)
    if path.is_file():
        # Not resolved: in the hub's cache a name with its suffix is a link to a blob without one, and parts lie side by side.
        return _file(path.absolute(), said)
    if _HUB_ID.fullmatch(said) and not said.endswith(".gguf"):
        fetched = hub.snapshot(
            said,
            offline=offline,
            allow_pickle=trust.allow_pickle,
            allow_remote_code=trust.allow_remote_code,
        )
        return _directory(fetched, said, SourceKind.HUB, trust)
    raise InputError(
        f"There is no model at {said}.", hint="Give a directory, a .gguf file or a hub id (owner/name)."
    )


def _file(path: Path, said: str) -> Origin:
    suffix = path.suffix.lower()
    if suffix != ".gguf" and not gguf_facts.is_gguf(path):
        kind = _LATER.get(suffix, f"{suffix or 'this kind of'} file")
        raise UnsupportedError(
            f"{path.name}: {kind} is not accepted as a source yet.",
            hint="Give a Hugging Face directory with safetensors, a hub id or a .gguf file.",
        )
    gguf_facts.read(path)
    files = gguf_facts.gguf_files(path)
    return Origin(
        kind=SourceKind.GGUF,
        path=files[0],
        name=model_name(path.name),
        said=said,
        fingerprint=_fingerprint(path.parent, files),
    )


def _directory(path: Path, said: str, kind: SourceKind, trust: Trust) -> Origin:
    config = path / "config.json"
    if not config.exists():
        hint = "Point to the directory that from_pretrained would load."
        raise InputError(f"{path} has no config.json, so it is no Hugging Face model directory.", hint=hint)
    try:
        settings = json.loads(config.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise InputError(f"{config} is no valid JSON.", hint="Download it again.") from error
    if not isinstance(settings, dict):
        raise InputError(f"{config} holds no settings.", hint="Download it again.")
    _refuse_quantized(path, settings)
    _refuse_code(path, settings, trust)
    shards = safetensors_facts.weight_files(path)
    for shard in shards:
        safetensors_facts.check(shard)
    if not shards:
        _refuse_pickled(path, trust)
    named = said.rstrip("/").rsplit("/", 1)[-1] if kind is SourceKind.HUB else path.name
    files = [file for file in sorted(path.iterdir()) if file.is_file() and not file.name.startswith(".")]
    return Origin(kind=kind, path=path, name=named, said=said, fingerprint=_fingerprint(path, files))


def _refuse_quantized(path: Path, settings: Mapping[str, Any]) -> None:
    found = next((settings[name] for name in _QUANTIZED if settings.get(name)), None)
    if found is not None:
        method = found.get("quant_method", "") if isinstance(found, dict) else ""
        raise UnsupportedError(
            f"{path.name} holds weights that are quantized already{f' ({method})' if method else ''}.",
            hint="Give the unquantized original: every build is made from it and compared with it.",
        )


def _refuse_code(path: Path, settings: Mapping[str, Any], trust: Trust) -> None:
    if "auto_map" in settings and not trust.allow_remote_code:
        raise InputError(
            f"{path.name} wants to run Python code of its own (auto_map in config.json).",
            hint="Read that code, then pass --allow-remote-code if you trust it.",
        )


def _refuse_pickled(path: Path, trust: Trust) -> None:
    pickled = safetensors_facts.weight_files(path, PICKLED)
    if not pickled:
        raise InputError(f"{path} has no safetensors weights.", hint="Download the model's weights into it.")
    if not trust.allow_pickle:
        raise InputError(
            f"{path.name} has only pickled weights ({pickled[0].name}), and unpickling can run code.",
            hint="Get a safetensors version, or pass --allow-pickle if you trust where it came from.",
        )


def _fingerprint(root: Path, files: Sequence[Path]) -> str:
    rows = []
    for file in files:
        seen = file.stat()
        rows.append([str(file.relative_to(root)), seen.st_size, seen.st_mtime_ns])
    return digest([str(root), rows])


def read_facts(origin: Origin) -> ModelFacts:
    """Facts from configuration and tensor shapes; no framework is needed."""
    if origin.kind is SourceKind.GGUF:
        return gguf_facts.read(origin.path)
    return safetensors_facts.read(origin.path)
