"""Which builds are tried, in which order, and which are not, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from edgewright.core.decision.assessment import Assessment, Role
from edgewright.core.recipe.pruning import Pruning
from edgewright.core.recipe.recipes import REFERENCE, Plan, Recipe, Skipped
from edgewright.errors import UnsupportedError, UsageError
from edgewright.ports import Backend
from edgewright.reasons import because


def plan(
    assessment: Assessment,
    backends: Sequence[Backend],
    *,
    frameworks: Sequence[str] = (),
    only: Sequence[str] = (),
    prunings: Sequence[Pruning] = (),
    max_size_bytes: float | None = None,
    baseline: Recipe = REFERENCE,
) -> Plan:
    """Candidates of the target's frameworks (or of those asked for); the strategy's recipes come first in each.

    With ``only``, patterns of ids such as ``llamacpp/q4*``, just those that match one, and what they are made from.

    Of each of ``prunings`` every framework makes its leading build.

    A recipe whose nominal size is beyond ``max_size_bytes`` by a tenth is not built, except unquantized ones, which
    the comparison of conversions needs.

    Raises:
        UnsupportedError: no framework can build this model.
        UsageError: a framework was asked for that is not there, or a pattern that no candidate matches.
    """
    by_name = {backend.name: backend for backend in backends}
    unknown = [name for name in frameworks if name not in by_name]
    if unknown:
        raise UsageError(f"Unknown framework {unknown[0]!r}.", hint=f"Known: {', '.join(by_name)}.")
    wanted = list(frameworks) or [r.fit.framework for r in assessment.frameworks if r.role is not Role.OTHER]
    fits = {r.fit.framework: r.fit for r in assessment.frameworks}
    usable = [name for name in wanted if fits[name].works]
    if not usable:
        reasons = "; ".join(f"{name}: {' '.join(fits[name].reasons)}" for name in wanted)
        raise UnsupportedError(f"No framework can build this model: {reasons}.")
    offered = [_offered(by_name[name], assessment, wider=bool(only)) for name in usable]
    candidates: list[Recipe] = []
    skipped: list[Skipped] = []
    unfit = {name: " ".join(fits[name].reasons) for name in by_name if not fits[name].works}
    absent = {name: unfit.get(name, "") for name in by_name if name not in usable}
    for recipes in _asked(offered, only, absent) if only else offered:
        for recipe in (*recipes, *(one for pruning in prunings for one in _pruned(recipes, pruning))):
            size = assessment.facts.parameters * recipe.nominal_bits / 8
            if max_size_bytes and not recipe.precision.unquantized and size > 1.1 * max_size_bytes:
                reason = because("over_size", size=size, limit=max_size_bytes)
                skipped.append(Skipped(recipe=recipe, reason=reason))
            else:
                candidates.append(recipe)
    missed = {} if only else {name: unfit[name] for name in wanted if name in unfit}
    return Plan(baseline=baseline, candidates=tuple(candidates), skipped=tuple(skipped), unfit=missed)


def _pruned(recipes: Sequence[Recipe], pruning: Pruning) -> list[Recipe]:
    """One framework's leading build of a pruned source, with what that is made from."""
    quantized = [r for r in recipes if not r.auxiliary and not r.precision.unquantized] or list(recipes)
    lead = next((r for r in quantized if r.leads), quantized[0]) if quantized else None
    by_name = {recipe.name: recipe for recipe in recipes}
    chain = [lead] if lead else []
    while chain and chain[-1].base:
        chain.append(by_name[chain[-1].base])
    return [
        replace(
            recipe,
            name=f"{recipe.name}~{pruning.name}",
            base=f"{recipe.base}~{pruning.name}" if recipe.base else "",
            source=pruning.spelled,
            leads=False,
            auxiliary=recipe is not lead,
        )
        for recipe in reversed(chain)
    ]


def _offered(backend: Backend, assessment: Assessment, *, wider: bool) -> list[Recipe]:
    """What a run starts with; ``wider`` also what a search would try."""
    recipes = {recipe.id: recipe for recipe in backend.recipes(assessment.facts)}
    space = backend.space(assessment.facts) if wider else None
    for candidate in space.candidates if space else ():
        recipes.setdefault(candidate.recipe.id, candidate.recipe)
    return _ordered(list(recipes.values()), assessment.strategy)


def _asked(
    offered: Sequence[Sequence[Recipe]], only: Sequence[str], absent: Mapping[str, str]
) -> list[list[Recipe]]:
    """``absent`` are the frameworks that take no part, with the reason where the model does not fit them."""
    known = [recipe.id for recipes in offered for recipe in recipes]
    for pattern in only:
        if not any(fnmatchcase(identifier, pattern) for identifier in known):
            framework = pattern.partition("/")[0]
            if framework in absent:
                _refuse(pattern, framework, absent[framework])
            raise UsageError(f"No build matches {pattern!r}.", hint=f"Known: {', '.join(known)}.")
    return [_with_bases(recipes, only) for recipes in offered]


def _refuse(pattern: str, framework: str, reason: str) -> None:
    """A build of a framework that takes no part.

    Raises:
        UnsupportedError: the framework cannot build this model.
        UsageError: it can, and is not among those of this run.
    """
    if reason:
        raise UnsupportedError(
            f"{pattern} is not available: {framework} cannot build this model: {reason.rstrip('.')}.",
            hint="Remove it from --only; `edgewright assess` lists what can be built.",
        )
    raise UsageError(
        f"{pattern} is not available: {framework} is not among this run's frameworks.",
        hint=f"Add it with --frameworks {framework}.",
    )


def _with_bases(recipes: Sequence[Recipe], only: Sequence[str]) -> list[Recipe]:
    """Those of one framework that match, what they are made from, and the conversion that all are compared by."""
    by_name = {recipe.name: recipe for recipe in recipes}
    wanted = [r.name for r in recipes if any(fnmatchcase(r.id, pattern) for pattern in only)]
    if wanted:
        wanted.append(recipes[0].name)
    for name in wanted:  # grows while it is gone through
        base = by_name[name].base
        if base and base not in wanted:
            wanted.append(base)
    return [recipe for recipe in recipes if recipe.name in wanted]


def _ordered(recipes: Sequence[Recipe], strategy: Sequence[str]) -> list[Recipe]:
    marked = [replace(recipe, leads=recipe.id in strategy) for recipe in recipes]
    return sorted(marked, key=lambda r: (not r.precision.unquantized, not r.leads))
