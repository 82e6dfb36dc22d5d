"""Which group gets which type, so that the whole costs least accuracy within a size: pure, for every framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from edgewright.core.recipe.recipes import Recipe
from edgewright.core.recipe.sensitivity import EMBEDDING, HEAD, Group, Sensitivity, members

_HALVINGS = 24
"""Steps in which the price of time is found: to a ten-millionth."""


@dataclass(frozen=True, kw_only=True)
class WeightType:
    """A type that a framework can give to single tensors whose rows are a ``multiple`` of its block.

    ``bits`` a weight, scales included; ``rounding_bits`` are those at which plain rounding in groups of 32 would err as
    much: where the sensitivity table is read. Of matrices in layers the runtime packs a copy of ``packed_bits`` a weight for
    its kernels.
    """

    name: str
    bits: float
    multiple: int
    rounding_bits: float
    packed_bits: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """How a framework gives tensors types of their own: the types, and the recipe that an allocation completes.

    With ``shared_ends`` a tied matrix is stored once. ``unquantized_bits`` are a weight's in the unquantized build.
    """

    template: Recipe
    types: tuple[WeightType, ...]
    shared_ends: bool
    unquantized_bits: float


@dataclass(frozen=True, kw_only=True)
class TypeCost:
    """One type that a group may get: the bytes it takes there, and the KL divergence that it costs (nat per token).

    ``seconds`` are what the group's weights take in decoding one token; 0 if it was not measured.
    """

    type: str
    size_bytes: float
    kl: float
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Allocation:
    """A type for each group, with the bytes and the KL divergence of the whole, as predicted."""

    types: Mapping[str, str]
    size_bytes: float
    kl: float
    seconds: float = 0.0

    @property
    def spelled(self) -> str:
        """As a build option: ``group=TYPE;group=TYPE``."""
        return ";".join(f"{group}={kind}" for group, kind in self.types.items())


def options_of(
    table: Sensitivity,
    types: Sequence[WeightType],
    *,
    shared_ends: bool,
    seconds: Mapping[str, float] | None = None,
) -> dict[str, list[TypeCost]]:
    """What each group of a model may get. Where a tied matrix is stored once (``shared_ends``), its two uses are one group.

    ``seconds`` are what one weight of a type takes; looking up rows of an embedding takes none.

    A group whose rows fit no type is left out: it stays as it is.
    """
    curves = {curve.group.name: curve for curve in table.curves}
    embedding, head = curves.get(EMBEDDING), curves.get(HEAD)
    one = bool(shared_ends and embedding and head and embedding.group.tensors == head.group.tensors)
    found: dict[str, list[TypeCost]] = {}
    for name, curve in curves.items():
        if one and name == HEAD:
            continue
        uses = [curve, head] if one and head and name == EMBEDDING else [curve]
        choices = [
            TypeCost(
                type=kind.name,
                size_bytes=curve.group.weights * kind.bits / 8,
                kl=sum(use.at(kind.rounding_bits) for use in uses),
                seconds=(seconds or {}).get(kind.name, 0.0)
                * (0 if uses == [embedding] else curve.group.weights),
            )
            for kind in types
            if curve.group.row % kind.multiple == 0
        ]
        if choices:
            found[name] = choices
    return found


def named_types(spelled: str) -> dict[str, str]:
    """The type of each module that an allocation names: the inverse of `Allocation.spelled`, with groups as members."""
    parts = (part.partition("=") for part in spelled.split(";"))
    return {module: kind for group, _, kind in parts for module in members(group)}


def packed_bytes(spelled: str, types: Sequence[WeightType], groups: Sequence[Group]) -> float:
    """Bytes of the copies that the runtime packs of an allocation's matrices when it loads."""
    packed = {kind.name: kind.packed_bits for kind in types}
    chosen = dict(part.split("=") for part in spelled.split(";"))
    return sum(
        group.weights * packed[chosen[group.name]] / 8
        for group in groups
        if group.name in chosen and group.name not in {EMBEDDING, HEAD}
    )


def stored_weights(table: Sensitivity, options: Mapping[str, Sequence[TypeCost]]) -> int:
    """How many weights an allocation of these options reaches, each counted as often as it is stored."""
    return sum(curve.group.weights for curve in table.curves if curve.group.name in options)


def hull(options: Sequence[TypeCost]) -> list[TypeCost]:
    """The options worth considering, smallest first: on the lower convex hull of cost over size."""
    kept: list[TypeCost] = []
    for option in sorted(options, key=lambda o: (o.size_bytes, o.kl)):
        if kept and option.kl >= kept[-1].kl:
            continue
        while len(kept) > 1 and _gain(kept[-1], option) >= _gain(kept[-2], kept[-1]):
            kept.pop()
        kept.append(option)
    return kept


def _gain(small: TypeCost, large: TypeCost) -> float:
    """KL that each further byte saves."""
    return (small.kl - large.kl) / (large.size_bytes - small.size_bytes)


def allocate(options: Mapping[str, Sequence[TypeCost]], budget_bytes: float) -> Allocation | None:
    """An allocation of little cost within a budget; None where even the smallest types do not fit.

    It is no slower than the best that one type for all could be there, nor than any type for all that would be larger: where
    types' kernels differ, a weight's time is taken as a cost beside KL divergence, as dear as that asks for.
    """
    found = _cheapest(options, budget_bytes, 0.0)
    most = _most_seconds(options, budget_bytes)
    if found is None or most is None or found.seconds <= most:
        return found
    low, high, best = 0.0, found.kl / most, found
    for _ in range(_HALVINGS):
        tried = _cheapest(options, budget_bytes, high)
        if tried is not None and tried.seconds <= most:
            best = tried
            break
        low, high = high, 4.0 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        tried = _cheapest(options, budget_bytes, middle)
        if tried is not None and tried.seconds <= most:
            best, high = (tried if tried.kl < best.kl or best.seconds > most else best), middle
        else:
            low = middle
    return best


def _most_seconds(options: Mapping[str, Sequence[TypeCost]], budget_bytes: float) -> float | None:
    """Seconds of the best that one type for all could be in a budget, or of a larger one that is faster; None without times."""
    ladders = {name: sorted(choices, key=lambda o: o.size_bytes) for name, choices in options.items()}
    kinds = sorted({option.type for choices in options.values() for option in choices})
    whole = [_allocation(ladders, _level(options, ladders, kind)) for kind in kinds]
    best = min((one for one in whole if one.size_bytes <= budget_bytes), key=lambda one: one.kl, default=None)
    if best is None or best.seconds <= 0.0:
        return None
    return min([best.seconds, *(one.seconds for one in whole if one.size_bytes > budget_bytes)])


def _cheapest(
    options: Mapping[str, Sequence[TypeCost]], budget_bytes: float, kl_per_second: float
) -> Allocation | None:
    """Groups climb their ladders: the step that saves most for a byte is taken next, as long as it fits.

    From the smallest types for all that is the best there is at the sizes it passes through. A last large step that does not
    fit can leave much of a budget over, so the climb also starts from about one type for all, for each type that fits, and
    the best end counts.
    """
    weighed = {
        name: [replace(o, kl=o.kl + kl_per_second * o.seconds) for o in choices]
        for name, choices in options.items()
    }
    ladders = {name: hull(choices) for name, choices in weighed.items()}
    kinds = {option.type for choices in options.values() for option in choices}
    starts = [dict.fromkeys(ladders, 0), *(_level(options, ladders, kind) for kind in sorted(kinds))]
    ends = [
        _climbed(ladders, start, budget_bytes) for start in starts if _size(ladders, start) <= budget_bytes
    ]
    found = [_allocation(ladders, at) for at in ends]
    best = min(found, key=lambda allocation: allocation.kl, default=None)
    return None if best is None else replace(best, kl=best.kl - kl_per_second * best.seconds)


def smallest(options: Mapping[str, Sequence[TypeCost]], most_kl: float) -> Allocation | None:
    """The smallest allocation found whose predicted KL divergence is within ``most_kl``; None where no types are that good.

    By halving the budget's range until it is known to a tenth of a percent.
    """
    low = sum(min(o.size_bytes for o in choices) for choices in options.values())
    high = sum(max(o.size_bytes for o in choices) for choices in options.values())
    best = allocate(options, high)
    if best is None or best.kl > most_kl:
        return None
    while high - low > 0.001 * high:
        middle = (low + high) / 2
        found = allocate(options, middle)
        if found is not None and found.kl <= most_kl:
            best, high = found, middle
        else:
            low = middle
    return best


_Ladders = Mapping[str, Sequence[TypeCost]]
_At = Mapping[str, int]


def _level(options: Mapping[str, Sequence[TypeCost]], ladders: _Ladders, kind: str) -> dict[str, int]:
    """The rung of each ladder that is nearest below one type."""
    at = {}
    for name, ladder in ladders.items():
        size = next((o.size_bytes for o in options[name] if o.type == kind), 0.0)
        at[name] = max((i for i, rung in enumerate(ladder) if rung.size_bytes <= size), default=0)
    return at


def _climbed(ladders: _Ladders, start: _At, budget_bytes: float) -> dict[str, int]:
    at, size = dict(start), _size(ladders, start)
    steps = sorted(
        (
            (_gain(small, large), name, index)
            for name, ladder in ladders.items()
            for index, (small, large) in enumerate(pairwise(ladder))
        ),
        key=lambda step: (-step[0], step[1], step[2]),
    )
    for _, name, index in steps:
        more = ladders[name][index + 1].size_bytes - ladders[name][index].size_bytes
        if at[name] == index and size + more <= budget_bytes:
            at[name] += 1
            size += more
    return at


def _size(ladders: _Ladders, at: _At) -> float:
    return sum(ladders[name][index].size_bytes for name, index in at.items())


def _allocation(ladders: _Ladders, at: _At) -> Allocation:
    chosen = {name: ladders[name][index] for name, index in at.items()}
    return Allocation(
        types={name: option.type for name, option in chosen.items()},
        size_bytes=_size(ladders, at),
        kl=sum(option.kl for option in chosen.values()),
        seconds=sum(option.seconds for option in chosen.values()),
    )
