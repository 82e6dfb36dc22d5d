"""Which builds are tried, in which order, and which are not, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgewright.core.assessment import Assessment
from edgewright.core.recipe import REFERENCE, Plan, Recipe, Skipped
from edgewright.errors import UnsupportedError, UsageError
from edgewright.ports import Backend


def plan(
    assessment: Assessment,
    backends: Sequence[Backend],
    *,
    frameworks: Sequence[str] = (),
    max_size_bytes: float | None = None,
) -> Plan:
    """Candidates of the target's frameworks (or of those asked for); the strategy's recipes come first in each.

    A recipe whose nominal size is beyond ``max_size_bytes`` by a tenth is not built, except unquantized ones, which
    the comparison of conversions needs.

    Raises:
        UnsupportedError: no framework can build this model.
        UsageError: a framework was asked for that is not there.
    """
    by_name = {backend.name: backend for backend in backends}
    unknown = [name for name in frameworks if name not in by_name]
    if unknown:
        raise UsageError(f"There is no framework {unknown[0]!r}.", hint=f"Known: {', '.join(by_name)}.")
    wanted = list(frameworks) or [
        r.fit.framework for r in assessment.frameworks if r.role != "not for this target"
    ]
    fits = {r.fit.framework: r.fit for r in assessment.frameworks}
    usable = [name for name in wanted if fits[name].works]
    if not usable:
        reasons = "; ".join(f"{name}: {' '.join(fits[name].reasons)}" for name in wanted)
        raise UnsupportedError(f"No framework can build this model: {reasons}.")
    candidates: list[Recipe] = []
    skipped: list[Skipped] = []
    for name in usable:
        for recipe in _ordered(by_name[name].recipes(assessment.facts), assessment.strategy):
            size = assessment.facts.parameters * recipe.nominal_bits / 8
            if max_size_bytes and not recipe.precision.unquantized and size > 1.1 * max_size_bytes:
                reason = f"its weights would take about {size / 1e6:.0f} MB, over the limit of {max_size_bytes / 1e6:.0f} MB"
                skipped.append(Skipped(recipe=recipe, reason=reason))
            else:
                candidates.append(recipe)
    return Plan(baseline=REFERENCE, candidates=tuple(candidates), skipped=tuple(skipped))


def _ordered(recipes: Sequence[Recipe], strategy: Sequence[str]) -> list[Recipe]:
    marked = [replace(recipe, leads=recipe.id in strategy) for recipe in recipes]
    return sorted(marked, key=lambda r: (not r.precision.unquantized, not r.leads))
