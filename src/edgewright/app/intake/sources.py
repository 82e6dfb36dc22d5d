"""From what a user named to a portable source directory in the store."""

from __future__ import annotations

from edgewright.app.intake.proving import proven
from edgewright.app.steps.prepare import prepare
from edgewright.core.device.toolchain import unavailable
from edgewright.core.jobs.requests import SourceOperation
from edgewright.core.model.facts import Source, SourceKind
from edgewright.core.recipe.recipes import Option, Recipe, native_reference
from edgewright.inputs.config import evaluation_text
from edgewright.inputs.models import Origin, Trust, read_facts
from edgewright.ports import Backend, Context


def require_reference(context: Context) -> None:
    """Install the reference toolchain unless it is there; see `require`."""
    require(context, context.reference)


def require(context: Context, backend: Backend) -> None:
    """Install a framework's toolchain, all that building needs, unless it is there.

    Raises:
        ToolchainError: it cannot be had, and nothing can be read, proven or compared without it.
    """
    spec = backend.toolchain.builder
    context.reporter.phase(f"toolchain {spec.title}")
    ready = context.toolchains.ensure(spec, context.reporter.tell)
    if not ready.ready:
        raise unavailable(ready)


def source_of(context: Context, origin: Origin, trust: Trust) -> Source:
    """The portable source of a located model, made once, and proven where it was made from a file that a framework runs."""
    require_reference(context)
    _require_prover(context, origin.kind)
    return prove(context, unproven(context, origin, trust))


def prove(context: Context, source: Source) -> Source:
    """The source with its proof, where it was made from a GGUF file; see `proven`."""
    if source.kind is not SourceKind.GGUF:
        return source
    _require_prover(context, source.kind)
    return proven(context, source, evaluation_text(None).content)


def _require_prover(context: Context, kind: SourceKind) -> None:
    for backend in context.backends.values():
        if kind in backend.runs:
            require(context, backend)


def unproven(context: Context, origin: Origin, trust: Trust) -> Source:
    """The portable source of a located model as it was read; nothing may be recommended of it before `prove`."""
    require_reference(context)
    gguf = origin.kind is SourceKind.GGUF
    operation = SourceOperation.FROM_GGUF if gguf else SourceOperation.FROM_DIRECTORY
    options: dict[str, Option] = {
        name: True for name in ("allow_pickle", "allow_remote_code") if getattr(trust, name)
    }
    if origin.adapter:
        operation, options["adapter"] = SourceOperation.MERGE, str(origin.adapter)
    return prepare(
        context,
        operation,
        origin.path,
        name=origin.name,
        reference=origin.reference,
        kind=origin.kind,
        fingerprint=origin.fingerprint,
        options=options,
        notes=origin.notes,
        facts=read_facts(origin) if gguf else None,
    )


def original_recipe(context: Context, source: Source) -> Recipe:
    """The recipe of the original: in the reference, or in the framework that runs its file where the reference cannot."""
    gguf = source.facts.gguf
    if gguf is None or not gguf.unmapped:
        return context.task(source.facts.task).reference
    native = next(name for name, backend in context.backends.items() if source.kind in backend.runs)
    return native_reference(native, gguf.bits_per_weight)
