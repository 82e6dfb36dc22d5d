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
    """What there is of both halves of each."""
    return tuple(context.toolchains.state(half) for spec in every(context).values() for half in spec.halves)


def install(context: Context, names: Sequence[str], *, run_only: bool = False) -> tuple[ToolchainState, ...]:
    """Install the toolchains of these names, or of all frameworks that this system supports.

    With ``run_only`` only what running builds needs.
    """
    chosen = [_spec(context, name) for name in names] or list(context.specs.values())
    halves = [half for spec in chosen for half in ((spec,) if run_only else spec.halves)]
    return tuple(_each(context, halves, "installing", context.toolchains.ensure))


def verify(context: Context, names: Sequence[str]) -> tuple[ToolchainState, ...]:
    """Run the smoke jobs of the toolchains of these names, or of all that are installed."""
    chosen = [_spec(context, name) for name in names] or list(every(context).values())
    there = [half for spec in chosen for half in spec.halves if context.toolchains.state(half).installed]
    missing = [spec for spec in chosen if names and not context.toolchains.state(spec).installed]
    return tuple(_each(context, [*missing, *there], "verifying", context.toolchains.verify))


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
        context.reporter.phase(f"{doing} {spec.full_name}")
        yield act(spec, context.reporter.tell)
