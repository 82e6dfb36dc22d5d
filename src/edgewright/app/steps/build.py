"""Builds one recipe in its framework's process, once: the store keeps it under all that can change its bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgewright.core.jobs.requests import BuildJob
from edgewright.core.jobs.results import BuildResult, Failure, FailureKind
from edgewright.core.keys import digest
from edgewright.core.measurement.data import Calibration
from edgewright.core.model.facts import Source
from edgewright.core.recipe.artifact import (
    MANIFEST_NAME,
    MANIFEST_VERSION,
    Artifact,
    Lineage,
    Manifest,
    artifact_key,
)
from edgewright.core.recipe.recipes import Recipe
from edgewright.errors import InputError, IntegrityError
from edgewright.ports import Context, JobFailed

_DROPPED = "dropped"


def lineage_of(
    context: Context,
    source: Source,
    recipe: Recipe,
    base: Artifact | None,
    calibration: Calibration | None = None,
) -> Lineage:
    """Where a build comes from, before it is made: the tools' versions are known afterwards."""
    backend = context.backend(recipe.framework)
    seen = digest([*calibration.begin, *calibration.ids]) if calibration and recipe.calibrated else ""
    return Lineage(
        source_name=source.name,
        source_digest=source.digest,
        source_origin=source.origin,
        source_notes=source.notes,
        toolchain=backend.toolchain.name,
        toolchain_digest=backend.toolchain.builder.digest,
        tools={},
        worker=backend.code_digest,
        made_from=base.manifest.key if base else source.digest,
        calibration=seen,
    )


def build(
    context: Context,
    source: Source,
    recipe: Recipe,
    base: Artifact | None,
    log: Path,
    calibration: Calibration | None = None,
    *,
    files: bool = True,
) -> Artifact | Failure:
    """The artifact of a recipe, from the store or built now; or why there is none.

    Without ``files`` one that was dropped counts: it is known by its manifest, for who has its scores and times already.
    """
    if recipe.calibrated and (calibration is None or not calibration.ids):
        reason = "It needs calibration text, and the evaluation text is too short to spare any."
        return Failure(failure=FailureKind.INVALID_INPUT, reason=reason)
    lineage = lineage_of(context, source, recipe, base, calibration)
    key = artifact_key(recipe, lineage)
    kept = _stored(context, key)
    if kept is None and not files:
        kept = _dropped(context, key)
    if kept:
        return kept
    context.reporter.phase(f"building {recipe.id} of {source.name}")
    made = context.keep(
        "artifacts",
        key,
        lambda draft: _build(context, source, recipe, base, draft, lineage, log, calibration),
        what="The build",
        log=log,
    )
    if isinstance(made, Failure):
        return made
    reason = "The build was damaged while it was stored."
    return _stored(context, key) or Failure(failure=FailureKind.FAILED, reason=reason, log=str(log))


def drop(context: Context, artifact: Artifact) -> None:
    """Remove a build's files from the store, and keep its manifest."""
    key = artifact.manifest.key
    if context.store.find(_DROPPED, key) is None:
        with context.store.building(_DROPPED, key) as draft:
            draft.mkdir()
            context.files.write(draft / MANIFEST_NAME, artifact.manifest)
    context.store.remove("artifacts", key)


def _dropped(context: Context, key: str) -> Artifact | None:
    """What is known of a build whose files were dropped; its path is where they were."""
    found = context.store.find(_DROPPED, key)
    if found is None:
        return None
    manifest = context.files.read(found / MANIFEST_NAME, Manifest)
    return Artifact(path=str(found.parent.parent / "artifacts" / key), manifest=manifest)


def _stored(context: Context, key: str) -> Artifact | None:
    """A finished build whose bytes are the recorded ones; a damaged one counts as none, and is made again."""
    found = context.store.find("artifacts", key)
    if found is None:
        return None
    try:
        return context.files.artifact(found)
    except (IntegrityError, InputError, OSError) as error:
        context.reporter.phase(f"a stored build is damaged and will be made again: {error}")
        return None


def _build(
    context: Context,
    source: Source,
    recipe: Recipe,
    base: Artifact | None,
    draft: Path,
    lineage: Lineage,
    log: Path,
    calibration: Calibration | None,
) -> None:
    backend = context.backend(recipe.framework)
    job = BuildJob(
        worker=backend.worker,
        source=source.path,
        recipe=recipe,
        out=str(draft),
        base=base.path if base else "",
        calibration=calibration if recipe.calibrated else None,
        original=source.original if source.kind in backend.runs else "",
    )
    result = context.ask(backend.toolchain, job, BuildResult, log=log)
    if isinstance(result, Failure):
        raise JobFailed(result)
    if not _all_there(draft, result):
        # Whatever the exit status said: only the files count.
        reason = "The build ended well and left no model."
        raise JobFailed(Failure(failure=FailureKind.FAILED, reason=reason, log=str(log)))
    weight_bytes = sum((draft / name).stat().st_size for name in result.weight_files)
    manifest = Manifest(
        version=MANIFEST_VERSION,
        key=artifact_key(recipe, lineage),
        recipe=recipe,
        files=(),
        size_bytes=0,
        weight_bytes=weight_bytes,
        parameters=source.facts.parameters,
        bits_per_weight=8 * weight_bytes / source.facts.parameters,
        lineage=replace(lineage, tools=result.tools),
        notes=result.notes,
    )
    context.files.seal(draft, manifest)


def _all_there(draft: Path, result: BuildResult) -> bool:
    files = [draft / name for name in result.weight_files]
    return bool(files) and all(file.is_file() and file.stat().st_size for file in files)
