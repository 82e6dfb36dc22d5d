"""Toolchains by name: listed, installed, verified, removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from edgewright.core.device.toolchain import ToolchainSpec, ToolchainState
from edgewright.errors import UsageError
from edgewright.ports import Context, Tell

Act = Callable[[ToolchainSpec, Tell], ToolchainState]


def every(context: Context) -> dict[str, ToolchainSpec]:
    """All toolchains by name: the frameworks', then those that one command needs."""
    return {**context.specs, **context.evaluators}


def states(context: Context) -> tuple[ToolchainState, ...]:
    """What there is of each."""
    return tuple(context.toolchains.state(spec) for spec in every(context).values())


def install(context: Context, names: Sequence[str]) -> tuple[ToolchainState, ...]:
    """Install the toolchains of these names, or of all frameworks that this system supports."""
    chosen = [_spec(context, name) for name in names] or list(context.specs.values())
    return tuple(_each(context, chosen, "installing", context.toolchains.ensure))


def verify(context: Context, names: Sequence[str]) -> tuple[ToolchainState, ...]:
    """Run the smoke job of the toolchains of these names, or of all that are installed."""
    installed = [s for s in every(context).values() if context.toolchains.state(s).installed]
    chosen = [_spec(context, name) for name in names] or installed
    return tuple(_each(context, chosen, "verifying", context.toolchains.verify))


def remove(context: Context, names: Sequence[str]) -> dict[str, int]:
    """Delete the toolchains of these names; returns the bytes that each freed.

    Raises:
        UsageError: no name was given, or there is none of that name.
    """
    if not names:
        raise UsageError("Say which toolchains to remove.", hint=f"Known: {', '.join(every(context))}.")
    freed = {}
    for spec in [_spec(context, name) for name in names]:
        context.reporter.phase(f"removing {spec.name}")
        freed[spec.name] = context.toolchains.remove(spec, context.reporter.tell)
    return freed


def _spec(context: Context, name: str) -> ToolchainSpec:
    """Raises UsageError where there is none of that name."""
    return context.evaluators.get(name.replace("-", "_")) or context.backend(name).toolchain


def _each(
    context: Context, chosen: Sequence[ToolchainSpec], doing: str, act: Act
) -> Iterator[ToolchainState]:
    for spec in chosen:
        context.reporter.phase(f"{doing} {spec.name}")
        yield act(spec, context.reporter.tell)
