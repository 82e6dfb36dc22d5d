"""From what a user named to a portable source directory in the store."""

from __future__ import annotations

from edgewright.core.jobs import SourceOperation
from edgewright.core.model import Source, SourceKind
from edgewright.core.recipe import Option
from edgewright.core.toolchain import Obstacle, ToolchainSpec, ToolchainState
from edgewright.errors import EdgewrightError, IntegrityError, OfflineError, ResourceError, ToolchainError
from edgewright.ports import Workshop
from edgewright.runtime.models import Origin, Trust
from edgewright.stages.prepare import prepare


def require_reference(shop: Workshop) -> None:
    """Install the reference toolchain unless it is there.

    Raises:
        ToolchainError: it cannot be had, and nothing can be read or compared without it.
    """
    spec = shop.reference.toolchain
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
    """The portable source of a located model, made once."""
    require_reference(shop)
    operation = (
        SourceOperation.FROM_GGUF if origin.kind is SourceKind.GGUF else SourceOperation.FROM_DIRECTORY
    )
    options: dict[str, Option] = {
        name: True for name in ("allow_pickle", "allow_remote_code") if getattr(trust, name)
    }
    if origin.adapter:
        operation, options["adapter"] = SourceOperation.MERGE, str(origin.adapter)
    return prepare(
        shop,
        operation,
        origin.path,
        name=origin.name,
        said=origin.said,
        kind=origin.kind,
        fingerprint=origin.fingerprint,
        options=options,
        notes=origin.notes,
    )
