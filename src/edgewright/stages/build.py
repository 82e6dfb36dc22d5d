"""Builds one recipe in its framework's process, once: the store keeps it under all that can change its bytes."""

from __future__ import annotations

from pathlib import Path

from edgewright.core.artifact import MANIFEST_VERSION, Artifact, Lineage, Manifest
from edgewright.core.jobs import BuildJob, BuildResult, Failure, FailureKind
from edgewright.core.keys import digest
from edgewright.core.model import Source
from edgewright.core.recipe import Recipe
from edgewright.errors import InputError, IntegrityError
from edgewright.ports import Workshop

_TIMEOUT_S = 4 * 3600.0


class _Unbuilt(Exception):  # noqa: N818  # never leaves this file: it carries a failure through the store's clean-up
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


def artifact_key(shop: Workshop, source: Source, recipe: Recipe, base: Artifact | None) -> str:
    """The store key of a build: source, recipe, base, environment and the backend's own code."""
    backend = shop.backend(recipe.framework)
    made_from = base.manifest.key if base else source.digest
    made_with = [backend.toolchain.digest, backend.code_digest]
    return digest([source.digest, made_from, recipe.id, recipe.precision, recipe.build, *made_with])


def build(
    shop: Workshop, source: Source, recipe: Recipe, base: Artifact | None, log: Path
) -> Artifact | Failure:
    """The artifact of a recipe, from the store or built now; or why there is none."""
    key = artifact_key(shop, source, recipe, base)
    found = _stored(shop, key)
    if found is None:
        shop.reporter.phase(f"building {recipe.id} of {source.name}")
        try:
            with shop.store.building("artifacts", key) as draft:
                _build(shop, source, recipe, base, draft, key, log)
        except _Unbuilt as stop:
            return stop.failure
        except OSError as error:
            reason = f"The build could not be stored: {error.strerror or error}."
            return Failure(failure=FailureKind.RESOURCE, reason=reason, log=str(log))
        found = _stored(shop, key)
    return found or Failure(failure=FailureKind.FAILED, reason="The build was not stored.", log=str(log))


def _stored(shop: Workshop, key: str) -> Artifact | None:
    """A finished build whose bytes are the recorded ones; a damaged one counts as none, and is made again."""
    found = shop.store.find("artifacts", key)
    if found is None:
        return None
    try:
        return shop.files.artifact(found)
    except (IntegrityError, InputError, OSError) as error:
        shop.reporter.phase(f"a stored build is damaged and will be made again: {error}")
        return None


def _build(
    shop: Workshop, source: Source, recipe: Recipe, base: Artifact | None, draft: Path, key: str, log: Path
) -> None:
    backend = shop.backend(recipe.framework)
    job = BuildJob(
        worker=backend.worker,
        source=source.path,
        recipe=recipe,
        out=str(draft),
        base=base.path if base else "",
    )
    result = shop.runner.run(backend.toolchain, job, log=log, tell=shop.reporter.tell, timeout_s=_TIMEOUT_S)
    if isinstance(result, Failure):
        raise _Unbuilt(result)
    if not isinstance(result, BuildResult) or not _all_there(draft, result):
        # Whatever the exit status said: only the files count.
        raise _Unbuilt(
            Failure(
                failure=FailureKind.FAILED, reason="The build ended well and left no model.", log=str(log)
            )
        )
    weight_bytes = sum((draft / name).stat().st_size for name in result.weight_files)
    lineage = Lineage(
        source_name=source.name,
        source_digest=source.digest,
        source_origin=source.origin,
        source_notes=source.notes,
        toolchain=backend.toolchain.name,
        toolchain_digest=backend.toolchain.digest,
        tools=result.tools,
        worker=backend.code_digest,
    )
    manifest = Manifest(
        version=MANIFEST_VERSION,
        key=key,
        recipe=recipe,
        files=(),
        size_bytes=0,
        weight_bytes=weight_bytes,
        parameters=source.facts.parameters,
        bits_per_weight=8 * weight_bytes / source.facts.parameters,
        lineage=lineage,
        notes=result.notes,
    )
    shop.files.seal(draft, manifest)


def _all_there(draft: Path, result: BuildResult) -> bool:
    files = [draft / name for name in result.weight_files]
    return bool(files) and all(file.is_file() and file.stat().st_size for file in files)
