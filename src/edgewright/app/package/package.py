"""``package``: write a build in the form that its destination expects, check its size limits, and run it from the package alone."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from edgewright.app.package.options import PackageOptions
from edgewright.app.package.registry import ARTIFACT, send
from edgewright.app.package.smoke import tried
from edgewright.core import knowledge
from edgewright.core.decision.verdict import Outcome, Verdict
from edgewright.core.device.target import Limits
from edgewright.core.measurement.quantity import Value
from edgewright.core.recipe.artifact import MANIFEST_NAME, Artifact
from edgewright.core.release.package import PACKAGE_NAME, README_NAME, Package, Smoke, SmokeTest, counted
from edgewright.core.release.reference import Reference, reference
from edgewright.errors import BudgetError, InputError, ResourceError, UnsupportedError, UsageError
from edgewright.ports import Context
from edgewright.ports.packager import Packager, Subject
from edgewright.reasons import because


@dataclass(frozen=True, kw_only=True)
class _Chosen:
    """A build with what its run knows of it."""

    artifact: Artifact
    name: str
    values: Mapping[str, Value]
    target: str = ""
    limits: Limits = field(default_factory=Limits)
    gates: tuple[Verdict, ...] = ()
    device: str = ""


def package(context: Context, build: str | Path, options: PackageOptions) -> Package:
    """Package the build in a directory, or the build that a run chose.

    Nothing lies under the package's name before it is whole, keeps its budgets, and passed its smoke test.

    Raises:
        UsageError: the kind is unknown.
        UnsupportedError: this kind cannot hold this build.
        BudgetError: it is larger than a budget allows.
        WorkerError: the packaged files do not answer as the build does.
        EdgewrightError: the build cannot be read, or the place cannot be written.
    """
    packager = _packager(context, options.kind)
    there = _destination(options)
    chosen = _chosen(context, Path(build))
    if reason := packager.refusal(chosen.artifact.manifest):
        raise UnsupportedError(
            f"{chosen.artifact.manifest.id} cannot be packaged as {packager.kind}.", because=(reason,)
        )
    place = _place(options, chosen, packager)
    if place.exists():
        raise UsageError(f"{place} exists already.", hint="Delete it, or give another --out.")
    draft = place.with_name(f".{place.name}.draft")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        made = _made(context, packager, chosen, options, draft)
        draft.rename(place)
    except OSError as error:
        hint = "Free space or give another --out."
        raise ResourceError(f"{place} cannot be written: {error.strerror or error}.", hint=hint) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    if there is not None:
        send(context, place, there)
    return replace(made, directory=str(place.resolve()))


def _destination(options: PackageOptions) -> Reference | None:
    if not options.push:
        return None
    if options.kind != ARTIFACT:
        raise UsageError(f"A package of kind {options.kind} cannot be pushed.", hint="Use --for oci.")
    return reference(options.push)


def _packager(context: Context, kind: str) -> Packager:
    if kind not in context.packagers:
        known = ", ".join(context.packagers)
        raise UsageError(f"Unknown kind of package {kind!r}.", hint=f"Known: {known}.")
    return context.packagers[kind]


def _chosen(context: Context, path: Path) -> _Chosen:
    if context.runs.exists(path):
        run = context.runs.read(path)
        best, exported = run.best, context.runs.exported(path)
        if best is None or exported is None:
            raise InputError(f"The run in {path} recommends no build.", hint="Name a build's directory.")
        artifact = context.files.artifact(exported)
        name = f"{run.source.name}-{artifact.manifest.recipe.name}"
        target = run.assessment.target  # with the limits of the host, where that was the target
        return _Chosen(
            artifact=artifact,
            name=name,
            values=best.values,
            target=target.name,
            limits=target.limits,
            gates=best.verdicts,
            device=run.assessment.host.cpu.model,
        )
    if not (path / MANIFEST_NAME).is_file():
        raise InputError(
            f"There is no run and no build at {path}.",
            hint="Give the --out directory of an optimize run, or a build's directory.",
        )
    artifact = context.files.artifact(path.resolve())
    manifest = artifact.manifest
    return _Chosen(
        artifact=artifact, name=f"{manifest.lineage.source_name}-{manifest.recipe.name}", values={}
    )


def _place(options: PackageOptions, chosen: _Chosen, packager: Packager) -> Path:
    if options.out is not None:
        return Path(options.out)
    return Path("packages") / f"{chosen.name}-{packager.kind}"


def _made(
    context: Context, packager: Packager, chosen: _Chosen, options: PackageOptions, draft: Path
) -> Package:
    manifest = chosen.artifact.manifest
    context.reporter.phase(f"packaging {manifest.id} as {packager.kind}")
    made_s = context.clock.now_s()
    subject = Subject(artifact=chosen.artifact, files=manifest.files, name=chosen.name, made_s=made_s)
    packed = packager.pack(subject, draft)
    files = context.files.digests(draft)
    values = _values(chosen, packed.download_bytes, sum(file.size_bytes for file in files))
    target = options.target or chosen.target
    limits = knowledge.target(target).limits if options.target else chosen.limits
    budgets = options.budgets.within(limits).judge(values)
    _demand(budgets)
    smoke = SmokeTest(outcome=Smoke.NOT_RUN, reason=because("smoke_left_out"))
    if options.smoke:
        with tempfile.TemporaryDirectory() as scratch:
            smoke = tried(context, chosen.artifact, packager.unpack(draft, packed, Path(scratch)))
    made = Package(
        kind=packager.kind,
        name=chosen.name,
        build=manifest.id,
        key=manifest.key,
        framework=manifest.recipe.framework,
        source=manifest.lineage.source_origin,
        edgewright=context.version,
        made_s=made_s,
        files=files,
        model=packed.model,
        reference=packed.reference,
        target=target,
        values=values,
        budgets=budgets,
        gates=chosen.gates,
        device=chosen.device,
        smoke=smoke,
        unverified=packed.unverified,
    )
    (draft / README_NAME).write_text(context.readme(made, packager), encoding="utf-8")
    context.files.write(draft / PACKAGE_NAME, made)
    return made


def _values(chosen: _Chosen, download: int, disk: int) -> dict[str, Value]:
    """Sizes of the package, and what the run measured of the build."""
    return {
        "download_bytes": counted("download_bytes", download, "sum of what is transferred"),
        "disk_bytes": counted("disk_bytes", disk, "sum of the package's files"),
        **chosen.values,
    }


def _demand(budgets: tuple[Verdict, ...]) -> None:
    broken = [
        because("over_budget", metric=v.gate.metric, value=v.value or 0.0, bound=v.gate.bound)
        for v in budgets
        if v.outcome is Outcome.FAIL
    ]
    if broken:
        raise BudgetError(
            "The package breaks its budget.",
            because=broken,
            hint="Package a smaller build (`edgewright show RUN` lists them), or raise the limit.",
        )
