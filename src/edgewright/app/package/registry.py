"""Packages and registries: a layout is sent, or a build is fetched and checked before it lies under its name."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from edgewright.core.keys import digest
from edgewright.core.recipe.artifact import MANIFEST_NAME
from edgewright.core.release.reference import Reference, reference
from edgewright.errors import InputError, OfflineError, ResourceError, UsageError
from edgewright.ports import Context
from edgewright.ports.packager import Packed

ARTIFACT = "oci"
"""The kind of package that registries keep."""


@dataclass(frozen=True, kw_only=True)
class Pulled:
    """A build that came from a registry: where it lies, what it is, and the digest of its manifest there."""

    directory: str
    build: str
    key: str
    reference: str
    digest: str


def send(context: Context, layout: Path, there: Reference) -> str:
    """Push a layout; the digest of its manifest.

    Raises:
        EdgewrightError: the registry cannot be reached, or refuses it; the layout stays, and the same push continues.
    """
    _demand_network(context)
    context.reporter.phase(f"pushing to {there}")
    return context.registry.push(layout, there, context.reporter.tell)


def pull(context: Context, text: str, out: str | Path | None = None) -> Pulled:
    """Fetch a build, and check every file against its digest in the registry and in the build's own manifest.

    What was fetched when a pull was interrupted is not fetched again.

    Raises:
        UsageError: it is not a name in a registry, there is nothing under it, or the place is taken.
        IntegrityError: some bytes are not what their digest says; nothing is left under the build's name.
        EdgewrightError: the registry cannot be reached, or the place cannot be written.
    """
    there = reference(text)
    place = Path(out) if out is not None else Path("builds") / there.name.rpartition("/")[2]
    if place.exists():
        raise UsageError(f"{place} exists already.", hint="Delete it, or give another --out.")
    _demand_network(context)
    context.reporter.phase(f"pulling {there}")
    layout = context.downloads / "registry" / digest([there.host, there.name])[:16]
    draft = place.with_name(f".{place.name}.draft")
    try:
        layout.mkdir(parents=True, exist_ok=True)
        found = context.registry.pull(there, layout, context.reporter.tell)
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        restored = context.packagers[ARTIFACT].unpack(
            layout, Packed(download_bytes=0, reference=found), draft
        )
        if not (restored / MANIFEST_NAME).is_file():
            raise InputError(
                f"{there} is not a build: it has no {MANIFEST_NAME}.",
                hint="Pull it with another tool; `edgewright benchmark` runs files that other tools made.",
            )
        manifest = context.files.artifact(restored).manifest
        draft.rename(place)
        shutil.rmtree(layout, ignore_errors=True)
    except OSError as error:
        hint = "Free space or give another --out, then run the same command to continue."
        raise ResourceError(f"{place} cannot be written: {error.strerror or error}.", hint=hint) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Pulled(
        directory=str(place.resolve()),
        build=manifest.id,
        key=manifest.key,
        reference=str(there),
        digest=found,
    )


def _demand_network(context: Context) -> None:
    if context.offline:
        raise OfflineError("A registry needs the network.", hint="Run the same command without --offline.")
