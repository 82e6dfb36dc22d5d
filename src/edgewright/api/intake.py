"""From what a user named to a portable source directory in the store."""

from __future__ import annotations

from edgewright.config import evaluation_text
from edgewright.core.jobs import SourceOperation
from edgewright.core.model import Source, SourceKind
from edgewright.core.recipe import REFERENCE, Option, Recipe, native_reference
from edgewright.core.toolchain import Obstacle, ToolchainSpec, ToolchainState
from edgewright.errors import EdgewrightError, IntegrityError, OfflineError, ResourceError, ToolchainError
from edgewright.pipeline.proving import proven
from edgewright.ports import Backend, Workshop
from edgewright.runtime.models import Origin, Trust, read_facts
from edgewright.stages.prepare import prepare
from edgewright.wiring import Wiring


def require_reference(shop: Workshop) -> None:
    """Install the reference toolchain unless it is there; see `require`."""
    require(shop, shop.reference)


def require(shop: Workshop, backend: Backend) -> None:
    """Install a framework's toolchain unless it is there.

    Raises:
        ToolchainError: it cannot be had, and nothing can be read, proven or compared without it.
    """
    spec = backend.toolchain
    shop.reporter.phase(f"toolchain {spec.title}")
    ready = shop.toolchains.ensure(spec, shop.reporter.tell)
    if not ready.ready:
        raise unavailable(spec, ready)


def unavailable(spec: ToolchainSpec, state: ToolchainState) -> EdgewrightError:
    """A toolchain that cannot be had, as the error a user sees."""
    kinds: dict[Obstacle, type[EdgewrightError]] = {
        Obstacle.NETWORK: OfflineError,
        Obstacle.RESOURCE: ResourceError,
        Obstacle.INTEGRITY: IntegrityError,
    }
    kind = kinds[state.obstacle] if state.obstacle else ToolchainError
    return kind(f"{spec.title}: {state.reason.rstrip('.')}.", hint=state.hint)


def source_of(shop: Workshop, origin: Origin, trust: Trust) -> Source:
    """The portable source of a located model, made once, and proven where it was made from a file that a framework runs."""
    require_reference(shop)
    gguf = origin.kind is SourceKind.GGUF
    for backend in shop.backends.values():
        if origin.kind in backend.runs:
            require(shop, backend)
    operation = SourceOperation.FROM_GGUF if gguf else SourceOperation.FROM_DIRECTORY
    options: dict[str, Option] = {
        name: True for name in ("allow_pickle", "allow_remote_code") if getattr(trust, name)
    }
    if origin.adapter:
        operation, options["adapter"] = SourceOperation.MERGE, str(origin.adapter)
    source = prepare(
        shop,
        operation,
        origin.path,
        name=origin.name,
        said=origin.said,
        kind=origin.kind,
        fingerprint=origin.fingerprint,
        options=options,
        notes=origin.notes,
        facts=read_facts(origin) if gguf else None,
    )
    return proven(shop, source, evaluation_text(None).content) if gguf else source


def original_recipe(wiring: Wiring, source: Source) -> Recipe:
    """The recipe of the original: in the reference, or in the framework that runs its file where the reference cannot."""
    gguf = source.facts.gguf
    if gguf is None or not gguf.unmapped:
        return REFERENCE
    native = next(name for name, backend in wiring.backends.items() if source.kind in backend.runs)
    return native_reference(native, gguf.bits_per_weight)
