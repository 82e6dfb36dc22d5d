"""Anything that can be run: an original, a build of ours, or files that other tools made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgewright.app.intake.sources import original_recipe, source_of
from edgewright.core.device.toolchain import unavailable
from edgewright.core.keys import digest
from edgewright.core.model.facts import ModelFacts, Source, SourceKind
from edgewright.core.recipe.artifact import MANIFEST_NAME, Manifest
from edgewright.core.recipe.recipes import Option
from edgewright.errors import InputError, UsageError
from edgewright.inputs.models import Trust, locate
from edgewright.ports import Backend, Context

_GGUF_NAME = "model.gguf"


@dataclass(frozen=True, kw_only=True)
class Runnable:
    """A model with the runtime it runs in. ``source`` is set where the original itself is run."""

    name: str
    backend: Backend
    path: str
    identity: str
    runtime: Mapping[str, Option]
    source: Source | None = None


def runnable(
    context: Context,
    reference: str,
    *,
    framework: str = "",
    as_it_is: bool = False,
    trust: Trust | None = None,
) -> Runnable:
    """What ``reference`` names: a build runs in its own framework, a model in the reference unless ``framework`` says otherwise.

    ``as_it_is`` runs files in a framework's own format in that framework; otherwise a GGUF file, for example, is a model that
    the reference can read. ``trust`` is what may be done with a model's files.

    Raises:
        EdgewrightError: it cannot be found, or its runtime cannot be had.
    """
    path = Path(reference).expanduser()
    if (path / MANIFEST_NAME).is_file():
        found = _built(context, path.resolve(), framework)
    elif (
        native := framework or (_format_of(context, path) if as_it_is else "")
    ) and native != context.reference.name:
        found = _foreign(context, path, reference, native)
    else:
        trust = trust or Trust()
        source = source_of(context, locate(reference, offline=context.offline, trust=trust), trust)
        found = Runnable(
            name=source.name,
            backend=context.backend(original_recipe(context, source).framework),
            path=source.path,
            identity=source.digest,
            runtime={},
            source=source,
        )
    spec = found.backend.toolchain
    state = context.toolchains.ensure(spec, context.reporter.tell)
    if not state.ready:
        raise unavailable(state)
    return found


def _format_of(context: Context, path: Path) -> str:
    """The framework whose format a file or directory is in; empty where none knows it."""
    if not path.exists():
        return ""
    return next((name for name, backend in context.backends.items() if backend.recognizes(path)), "")


def _built(context: Context, path: Path, framework: str) -> Runnable:
    manifest = context.files.artifact(path).manifest
    recipe = manifest.recipe
    if framework and context.backend(framework).name != recipe.framework:
        hint = f"Remove --framework: a build always runs in its own framework, {recipe.framework}."
        raise UsageError(f"{framework} cannot run {manifest.id}.", hint=hint)
    return Runnable(
        name=manifest.id,
        backend=context.backend(recipe.framework),
        path=str(path),
        identity=manifest.key,
        runtime=manifest.runtime,
    )


def _foreign(context: Context, path: Path, reference: str, framework: str) -> Runnable:
    """Files that other tools made, run as they are."""
    backend = context.backend(framework)
    if not path.exists():
        raise InputError(f"There is no model at {reference}.", hint="Give a file or a directory.")
    if path.is_file():
        origin = locate(reference, offline=True, trust=Trust())
        if origin.kind is not SourceKind.GGUF:
            raise InputError(f"{framework} cannot run {path.name}.", hint="Give a GGUF file, or a directory.")
        identity, where = origin.fingerprint, _as_directory(context, path.resolve(), origin.fingerprint)
    else:
        where = path.resolve()
        rows = [
            [str(f.relative_to(where)), f.stat().st_size, f.stat().st_mtime_ns]
            for f in sorted(where.rglob("*"))
            if f.exists()  # a link that leads nowhere is not content
        ]
        identity = digest([str(where), rows])
    return Runnable(name=path.name, backend=backend, path=str(where), identity=identity, runtime={})


def _as_directory(context: Context, file: Path, fingerprint: str) -> Path:
    """Runtimes open directories: one that holds nothing but a link to the file."""
    store = context.store
    found = store.find("links", fingerprint)
    if found is None:
        with store.building("links", fingerprint) as draft:
            draft.mkdir()
            try:
                (draft / _GGUF_NAME).symlink_to(file)
            except OSError:  # Windows without the right to make links
                (draft / _GGUF_NAME).hardlink_to(file)
        found = store.find("links", fingerprint)
    if found is None:
        raise InputError(f"{file} could not be linked into the store.")
    return found


def facts_of(context: Context, subject: Runnable) -> ModelFacts | None:
    """The dimensions of what is run, where its source is known."""
    if subject.source:
        return subject.source.facts
    source = _source_in_store(context, Path(subject.path))
    return context.files.facts(source) if source else None


def weight_bytes_of(context: Context, subject: Runnable) -> int:
    """Bytes of the weight files of what is run; of other tools' files, all of theirs."""
    if subject.source:
        return subject.source.facts.weight_bytes
    path = Path(subject.path)
    if (path / MANIFEST_NAME).is_file():
        return context.files.artifact(path).manifest.weight_bytes
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def source_of_build(context: Context, path: Path) -> Path | None:
    """The directory whose tokenizer a build shares: its own, if it carries one, else its source in the store."""
    return path if (path / "tokenizer.json").is_file() else _source_in_store(context, path)


def _source_in_store(context: Context, build: Path) -> Path | None:
    """The portable source that a build was made from."""
    manifest = build / MANIFEST_NAME
    if not manifest.is_file():
        return None
    wanted = context.files.read(manifest, Manifest).lineage.source_digest
    for source in context.store.every("sources"):
        record = source / "edgewright-source.json"
        if record.is_file() and json.loads(record.read_text(encoding="utf-8"))["digest"] == wanted:
            return source
    return None
