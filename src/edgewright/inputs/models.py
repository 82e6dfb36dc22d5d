"""Finds the model that a user named, checks its files without running any of them, and reads its facts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgewright.core.keys import digest
from edgewright.core.model.facts import ModelFacts, SourceKind
from edgewright.core.model.gguf.parts import model_name
from edgewright.errors import InputError, OfflineError, UnsupportedError, UsageError
from edgewright.inputs import gguf as gguf_facts
from edgewright.inputs import hub
from edgewright.inputs import safetensors as safetensors_facts
from edgewright.inputs.adapters import base_of, check_adapter, is_adapter, no_base
from edgewright.inputs.directories import Trust, check_directory, name_of

__all__ = ["Origin", "Trust", "locate", "read_facts"]

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_LATER = {
    ".onnx": "ONNX",
    ".tflite": "TensorFlow Lite",
    ".xml": "OpenVINO",
    ".mlmodel": "Core ML",
    ".pt": "pickled PyTorch",
}


@dataclass(frozen=True, kw_only=True)
class Origin:
    """A model as the user has it. ``fingerprint`` names its files by path, size and time of change.

    ``notes`` are what was seen of them that a reader of the report has to know. Of an adapter, ``path`` is its base.
    """

    kind: SourceKind
    path: Path
    name: str
    reference: str
    fingerprint: str
    notes: tuple[str, ...] = ()
    adapter: Path | None = None


def locate(reference: str, *, offline: bool, trust: Trust, base: str = "") -> Origin:
    """The files behind a path or a hub id; ``base`` is what a LoRA adapter belongs on.

    Raises:
        InputError: nothing is there, or what is there is no whole model.
        UnsupportedError: a kind of input that cannot be built from yet, or weights that are quantized already.
        OfflineError: a hub id whose files are not cached, without a network.
    """
    path = Path(reference).expanduser()
    if path.is_dir():
        path = path.resolve()
        if is_adapter(path):
            return _adapter(path, reference, offline=offline, trust=trust, base=base)
        _no_base(base, reference)
        if not (path / "config.json").exists() and (file := gguf_facts.only_model(path)):
            return _file(file, reference)
        return _directory(path, reference, SourceKind.DIRECTORY, trust)
    if path.is_file():
        _no_base(base, reference)
        # Not resolved: in the hub's cache a name with its suffix is a link to a blob without one, and parts lie side by side.
        return _file(path.absolute(), reference)
    if _HUB_ID.fullmatch(reference) and not reference.endswith(".gguf"):
        fetched = hub.snapshot(
            reference,
            offline=offline,
            allow_pickle=trust.allow_pickle,
            allow_remote_code=trust.allow_remote_code,
        )
        if is_adapter(fetched):
            return _adapter(fetched, reference, offline=offline, trust=trust, base=base)
        _no_base(base, reference)
        return _directory(fetched, reference, SourceKind.HUB, trust)
    raise InputError(
        f"There is no model at {reference}.", hint="Give a directory, a .gguf file or a hub id (owner/name)."
    )


def _file(path: Path, reference: str) -> Origin:
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
        reference=reference,
        fingerprint=_fingerprint(path.parent, files),
    )


def _directory(path: Path, reference: str, kind: SourceKind, trust: Trust) -> Origin:
    notes = check_directory(path, trust)
    named = reference.rstrip("/").rsplit("/", 1)[-1] if kind is SourceKind.HUB else name_of(path)
    return Origin(
        kind=kind,
        path=path,
        name=named,
        reference=reference,
        fingerprint=_fingerprint(path, _files(path)),
        notes=notes,
    )


def _adapter(path: Path, reference: str, *, offline: bool, trust: Trust, base: str) -> Origin:
    check_adapter(path, trust)
    wanted = base_of(path, base)
    try:
        found = locate(wanted, offline=offline, trust=trust)
    except (InputError, OfflineError) as error:
        raise no_base(path, wanted, error.message) from error
    if found.kind is SourceKind.GGUF or found.adapter:
        raise UnsupportedError(
            f"{name_of(path)} is a LoRA adapter; it cannot be merged with {found.name}.",
            hint="Give the Hugging Face directory of the model that it was trained on: --base DIR.",
        )
    return replace(
        found,
        name=name_of(path),
        reference=reference,
        fingerprint=digest([found.fingerprint, _fingerprint(path, _files(path))]),
        notes=(*found.notes, f"the LoRA adapter {name_of(path)} was merged with its base {found.name}"),
        adapter=path,
    )


def _no_base(base: str, reference: str) -> None:
    if base:
        raise UsageError(
            f"{reference} is not a LoRA adapter; --base is only for LoRA adapters.", hint="Remove --base."
        )


def _files(path: Path) -> list[Path]:
    return [file for file in sorted(path.iterdir()) if file.is_file() and not file.name.startswith(".")]


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
