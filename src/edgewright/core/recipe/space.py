"""The wider space of a framework's builds, declared as data: families of recipes, what each stores, and what it costs to make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import exp, gcd, log, log2

from edgewright.core.recipe.recipes import Option, Precision, Recipe
from edgewright.core.recipe.sensitivity import EMBEDDING, HEAD, Group, Sensitivity

_GROUP = 32
"""The size of groups that a family's ``rounding_bits`` are said for."""

_USUAL_KL = 0.2
"""What a small language model loses at 4 bits, in nat per token, until a run has measured its own."""

_LOSS_PER_DOUBLING = 0.2
"""Bits of accuracy that groups of twice the size lose: a maximum over more weights lies further out."""


@dataclass(frozen=True, kw_only=True)
class Storage:
    """How a candidate keeps its matrices, as far as that can be said before it is built.

    ``bits`` a weight, scales included; ``rounding_bits`` are those at which plain rounding in groups of 32 errs as much.
    Each row adds ``row_bits``. Rows that are no multiple of ``multiple`` are kept at ``odd_bits`` and err as
    ``odd_rounding_bits``; where there is a ``least_group``, they get the largest group that divides them instead, at
    ``group_bits`` each, unless that is smaller. Rows are filled up to a multiple of ``padded``, but not the embedding's.

    The embedding and the output layer are kept at ``ends_bits`` where that is not 0, and the embedding ``copies`` times. Of
    matrices in layers the runtime packs a copy of ``packed_bits`` a weight for its kernels, or ``odd_packed_bits`` where rows
    are no multiple; this also of an output layer that is kept as such rows are.
    """

    bits: float
    rounding_bits: float
    row_bits: float = 0.0
    multiple: int = 1
    odd_bits: float = 16.0
    odd_rounding_bits: float = 12.0
    group_bits: float = 0.0
    least_group: int = 0
    ends_bits: float = 0.0
    ends_rounding_bits: float = 0.0
    copies: int = 1
    padded: int = 1
    packed_bits: float = 0.0
    odd_packed_bits: float = 0.0

    def of(self, group: Group) -> tuple[float, float]:
        """Bits a weight and rounding bits of one group."""
        if self.ends_bits and group.name in {EMBEDDING, HEAD}:
            return self.ends_bits, self.ends_rounding_bits
        fitting = gcd(group.row, self.multiple)
        if fitting == self.multiple:
            return self.bits, self.rounding_bits
        if self.least_group and fitting >= self.least_group:
            finer = self.group_bits / fitting - self.group_bits / self.multiple
            return self.bits + finer, self.rounding_bits + _LOSS_PER_DOUBLING * log2(self.multiple / fitting)
        return self.odd_bits, self.odd_rounding_bits

    def matrix_bytes(self, groups: Sequence[Group]) -> float:
        """Bytes of all matrices. A tied matrix, which is both ends, is stored ``copies`` times."""
        stored = {group.tensors: self._stored(group) for group in groups}
        ends = [group for group in groups if group.name in {EMBEDDING, HEAD}]
        tied = len(ends) == 2 and ends[0].tensors == ends[1].tensors
        more = (self.copies - 1) * self._stored(ends[0]) if tied else 0.0
        return sum(stored.values()) + more

    def packed_bytes(self, groups: Sequence[Group]) -> float:
        """Bytes of the copies that the runtime packs when it loads."""
        return sum(group.weights * self._packed_bits(group) for group in groups) / 8

    def raw_kl(self, groups: Sequence[Group], table: Sensitivity | None) -> float:
        """KL divergence (nat per token) that rounding to this costs: by a model's table, or without one by a rule of thumb.

        The rule knows the order of candidates rather than their cost: each bit takes about a factor of four.
        """
        bits = {group.name: self.of(group)[1] for group in groups}
        if table is not None:
            return table.predicted(bits)
        weights = sum(group.weights for group in groups) or 1
        share = {group.name: group.weights / weights for group in groups}
        return _USUAL_KL * sum(share[name] * exp(log(4.0) * (4.0 - bits[name])) for name in share)

    def _packed_bits(self, group: Group) -> float:
        odd = group.row % self.multiple != 0
        if group.name == EMBEDDING:  # it is looked up, not multiplied
            return 0.0
        if group.name == HEAD:
            return self.odd_packed_bits if odd and not self.ends_bits else 0.0
        return self.odd_packed_bits if odd else self.packed_bits

    def _stored(self, group: Group) -> float:
        row = group.row
        filled = 1.0 if group.name == EMBEDDING else -(-row // self.padded) * self.padded / row
        return group.weights * (self.of(group)[0] * filled + self.row_bits / group.row) / 8


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A recipe that could be tried. ``cost`` is the work of building it, in plain builds of the same framework.

    ``needs`` are ``key=value`` conditions on the host: where one does not hold, a search leaves it out.
    """

    recipe: Recipe
    storage: Storage
    cost: float = 1.0
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Acceleration:
    """Options of the runtime that are tried on a finished build, where the host meets what they need.

    What needs something is a device beside the processor: it is tried on a framework's best build even where another leads.
    """

    options: Mapping[str, Option]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Space:
    """A framework's candidates. ``start`` are those that every run tries, ``unquantized`` is how their base is stored.

    ``accelerations`` are tried on the build that leads; they need no new build. ``memory_per_byte`` is how many bytes of
    memory the runtime needs for each that a quantized build is larger.
    """

    start: tuple[str, ...]
    unquantized: Storage
    candidates: tuple[Candidate, ...]
    accelerations: tuple[Acceleration, ...] = ()
    memory_per_byte: float = 1.0

    def kept_bytes(self, groups: Sequence[Group], unquantized_bytes: float) -> float:
        """Bytes that no candidate changes (norms, biases, tables, tokenizer), by the unquantized build's on disk."""
        return max(unquantized_bytes - self.unquantized.matrix_bytes(groups), 0.0)

    def starting(self) -> tuple[Recipe, ...]:
        """The recipes that every run tries, in their order."""
        by_name = {candidate.recipe.name: candidate.recipe for candidate in self.candidates}
        return tuple(by_name[name] for name in self.start)


@dataclass(frozen=True, kw_only=True)
class Family:
    """Recipes that differ in parameters. ``name`` holds them as ``{parameter}``; a true flag is appended instead.

    ``bits`` and ``rounding_bits`` are those of a weight without scales, in groups of 32; a group adds ``group_bits``, and
    ``ends_group_bits`` in the embedding and the output layer. The
    parameter ``group_size``, where there is one, is what rows have to be a multiple of, or with ``pads`` are filled up to one
    of; with a ``least_group`` such rows get smaller groups, down to that. Copies that a runtime packs have ``packed_bits`` a
    weight and ``packed_group_bits`` a group. ``gains`` are rounding bits and
    ``costs`` factors of a build's work that a flag adds; flags in ``calibrated_by`` look at calibration data. Combinations
    that hold all of an entry of ``without`` do not exist.
    """

    name: str
    precision: Precision
    bits: float
    rounding_bits: float
    base: str = ""
    group_bits: float = 0.0
    row_bits: float = 0.0
    multiple: int = 1
    odd_bits: float = 16.0
    odd_rounding_bits: float = 12.0
    least_group: int = 0
    ends_bits: float = 0.0
    ends_group_bits: float = 0.0
    ends_rounding_bits: float = 0.0
    copies: int = 1
    pads: bool = False
    packed_bits: float = 0.0
    packed_group_bits: float = 0.0
    odd_packed_bits: float = 0.0
    build: Mapping[str, Option] = field(default_factory=dict)
    runtime: Mapping[str, Option] = field(default_factory=dict)
    parameters: Mapping[str, tuple[Option, ...]] = field(default_factory=dict)
    gains: Mapping[str, float] = field(default_factory=dict)
    costs: Mapping[str, float] = field(default_factory=dict)
    calibrated_by: tuple[str, ...] = ()
    without: tuple[Mapping[str, Option], ...] = ()
    needs: tuple[str, ...] = ()


def candidates(framework: str, families: Sequence[Family]) -> tuple[Candidate, ...]:
    """Every member of the families, in their order."""
    return tuple(
        _candidate(framework, family, chosen) for family in families for chosen in _combinations(family)
    )


def _combinations(family: Family) -> Iterator[dict[str, Option]]:
    for values in product(*family.parameters.values()):
        chosen = dict(zip(family.parameters, values, strict=True))
        if not any(all(chosen.get(k) == v for k, v in bad.items()) for bad in family.without):
            yield chosen


def _candidate(framework: str, family: Family, chosen: Mapping[str, Option]) -> Candidate:
    flags = [name for name, value in chosen.items() if value is True]
    given = {name: value for name, value in chosen.items() if value is not False}
    if set(flags) & set(family.calibrated_by):
        given["calibrated"] = True
    group = int(chosen.get("group_size", 0))
    bits = family.bits + (family.group_bits / (group or _GROUP))
    rounding = family.rounding_bits + sum(family.gains.get(flag, 0.0) for flag in flags)
    if group:
        rounding -= _LOSS_PER_DOUBLING * log2(group / _GROUP)
    cost = 1.0
    for flag in flags:
        cost *= family.costs.get(flag, 1.0)
    recipe = Recipe(
        framework=framework,
        name="_".join([family.name.format(**chosen), *flags]),
        precision=family.precision,
        nominal_bits=round(bits, 4),
        base=family.base,
        build={**family.build, **given},
        runtime=family.runtime,
    )
    storage = Storage(
        bits=bits,
        rounding_bits=rounding,
        row_bits=family.row_bits,
        multiple=1 if family.pads else group or family.multiple,
        padded=(group or 1) if family.pads else 1,
        odd_bits=family.odd_bits,
        odd_rounding_bits=family.odd_rounding_bits,
        group_bits=family.group_bits,
        least_group=family.least_group,
        ends_bits=family.ends_bits + family.ends_group_bits / (group or _GROUP),
        ends_rounding_bits=family.ends_rounding_bits,
        copies=family.copies,
        packed_bits=family.packed_bits + family.packed_group_bits / (group or _GROUP),
        odd_packed_bits=family.odd_packed_bits,
    )
    return Candidate(recipe=recipe, storage=storage, cost=cost, needs=family.needs)
