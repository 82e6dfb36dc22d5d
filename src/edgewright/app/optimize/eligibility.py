"""Which frameworks take part: those whose environment is ready, and which a tiny model goes through where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from edgewright.app.optimize.builds import postpone
from edgewright.app.optimize.dry_run import dry_run
from edgewright.app.optimize.parallel import beside
from edgewright.app.optimize.state import State
from edgewright.core.jobs.results import Failure
from edgewright.core.model.facts import Source
from edgewright.core.run import Status

_SLOW_INSTALL_MIN = 3.0
_SMALL_BYTES = 2_000_000_000


def enter(state: State, frameworks: Sequence[str], tiny: Source | None) -> list[str]:
    """Those whose environment is ready and which a tiny model went through; candidates of the others fall out."""
    ready = [framework for framework in frameworks if _installed(state, framework)]
    if tiny is None:
        return ready
    passed: list[str] = []

    def settle(tried: tuple[str, Failure | None]) -> None:
        framework, failure = tried
        if failure is None:
            passed.append(framework)
            return
        for recipe in state.setup.plan.of(framework):
            state.record.fail(recipe, failure, "dry run with a tiny model")

    tasks = [partial(_tried, state, framework, tiny) for framework in ready]
    beside(state.setup.context.runner, state.setup.at_once(), tasks, settle)
    return passed


def _tried(state: State, framework: str, tiny: Source) -> tuple[str, Failure | None]:
    return framework, dry_run(state, framework, tiny)


def _installed(state: State, framework: str) -> bool:
    if state.setup.out_of_time():
        postpone(state, state.setup.plan.of(framework))
        return False
    spec = state.setup.context.backend(framework).toolchain.builder
    state.setup.context.reporter.phase(f"toolchain {spec.title}")
    ready = state.setup.context.toolchains.ensure(spec, state.setup.context.reporter.tell)
    if not ready.ready:
        for recipe in state.setup.plan.of(framework):
            reason = f"{ready.reason}. {ready.hint}".strip()
            status = Status.UNAVAILABLE if ready.supported else Status.UNSUPPORTED
            trial = replace(state.record.trials[recipe.id], status=status, reason=reason)
            state.record.update(trial, "unavailable")
    return ready.ready


def slow_to_install(state: State, framework: str) -> bool:
    """Whether a framework's environment is worth waiting with: long to make, and the model is small."""
    halves = state.setup.context.backend(framework).toolchain.halves
    missing = [spec for spec in halves if not state.setup.context.toolchains.state(spec).ready]
    minutes = sum(
        spec.install_minutes + (spec.native.minutes_on_two_cores if spec.native else 0.0) for spec in missing
    )
    return minutes > _SLOW_INSTALL_MIN and state.setup.source.facts.weight_bytes < _SMALL_BYTES
