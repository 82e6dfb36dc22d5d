"""Types for tensor groups: never over the budget, never worse than what every group could have alike."""

import itertools
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from edgewright.core.recipe.allocation import TypeCost, WeightType, allocate, hull, options_of, smallest
from edgewright.core.recipe.sensitivity import EMBEDDING, HEAD, Cost, Curve, Group, Sensitivity

TYPES = (("low", 4), ("middle", 5), ("high", 8))


def choices(weight, cost):
    return [TypeCost(type=name, size_bytes=bits * weight, kl=cost * 4.0**-bits) for name, bits in TYPES]


models = st.lists(st.tuples(st.integers(1, 50), st.floats(0.01, 100)), min_size=1, max_size=6).map(
    lambda rows: {f"g{i}": choices(*row) for i, row in enumerate(rows)}
)
free = st.lists(st.tuples(st.integers(1, 99), st.floats(0, 9)), min_size=1, max_size=7).map(
    lambda rows: [TypeCost(type=f"t{i}", size_bytes=size, kl=kl) for i, (size, kl) in enumerate(rows)]
)


@given(free)
def test_the_hull_holds_the_ends_and_gains_less_and_less(options):
    kept = hull(options)
    assert min(o.size_bytes for o in options) == kept[0].size_bytes
    assert min(o.kl for o in options) == kept[-1].kl
    gains = [(a.kl - b.kl) / (b.size_bytes - a.size_bytes) for a, b in itertools.pairwise(kept)]
    assert all(gain > 0 for gain in gains)
    assert gains == sorted(gains, reverse=True)


@given(models, st.floats(0, 1))
def test_an_allocation_keeps_its_budget_and_beats_one_type_for_all(model, share):
    least = sum(options[0].size_bytes for options in model.values())
    most = sum(options[-1].size_bytes for options in model.values())
    budget = least + share * (most - least)
    found = allocate(model, budget)
    assert found is not None
    assert found.size_bytes <= budget + 1e-6
    for index in range(len(TYPES)):
        size = sum(options[index].size_bytes for options in model.values())
        if size <= budget:
            assert found.kl <= sum(options[index].kl for options in model.values()) * (1 + 1e-9)


@given(models)
def test_too_small_a_budget_gives_none_and_a_large_one_the_best(model):
    least = sum(options[0].size_bytes for options in model.values())
    assert allocate(model, least - 1) is None
    assert set(allocate(model, 1e9).types.values()) == {"high"}


def group(name, tensors, row=64):
    return Group(name=name, tensors=tensors, weights=1000, row=row)


def table(*groups):
    curves = tuple(Curve(group=g, costs=(Cost(bits=4, kl=0.01),)) for g in groups)
    return Sensitivity(source="s", curves=curves, tokens=10, method="m")


KINDS = (
    WeightType(name="Q8_0", bits=8.5, multiple=32, rounding_bits=8.0),
    WeightType(name="Q6_K", bits=6.5, multiple=256, rounding_bits=6.0),
)


def test_rows_that_a_type_cannot_hold_are_not_offered_it():
    options = options_of(table(group("a", ("a",), 256), group("b", ("b",), 33)), KINDS, shared_ends=True)
    assert [o.type for o in options["a"]] == ["Q8_0", "Q6_K"]
    assert "b" not in options


def test_a_tied_matrix_that_is_stored_once_costs_what_both_its_uses_cost():
    tied = table(group(EMBEDDING, ("e",)), group(HEAD, ("e",)))
    once, twice = (options_of(tied, KINDS, shared_ends=shared) for shared in (True, False))
    assert set(once) == {EMBEDDING}
    assert set(twice) == {EMBEDDING, HEAD}
    assert once[EMBEDDING][0].kl == 2 * twice[EMBEDDING][0].kl


@given(st.floats(1e-4, 1.0))
def test_the_smallest_within_a_divergence_is_within_it_and_hardly_larger_than_it_must_be(most):
    options = {
        f"g{n}": [
            TypeCost(type=str(b), size_bytes=b * (n + 1), kl=(n + 1) * 4.0**-b) for b in (2, 3, 4, 6, 8)
        ]
        for n in range(5)
    }
    found = smallest(options, most)
    finest = allocate(options, 1e9)
    if finest.kl > most:
        assert found is None
    else:
        assert found.kl <= most
        smaller = allocate(options, 0.99 * found.size_bytes)
        assert smaller is None or smaller.kl > most


FAST, SLOW, FINE = ("fast", 5.5, 1.0), ("slow", 6.0, 3.0), ("fine", 8.5, 1.5)


def timed(kinds=(FAST, SLOW, FINE)):
    """Groups whose type between the others is a little better for its bytes, and three times as slow."""
    return {
        f"g{n}": [
            TypeCost(type=name, size_bytes=bits * 1000, kl=(1 + n) * 4.0**-bits, seconds=slowness * bits)
            for name, bits, slowness in kinds
        ]
        for n in range(12)
    }


def test_types_with_slow_kernels_are_paid_for():
    budget = 12 * 6.2 * 1000
    free = allocate(
        {name: [replace(o, seconds=0.0) for o in choices] for name, choices in timed().items()}, budget
    )
    assert "slow" in free.types.values()
    found = allocate(timed(kinds=(FAST, FINE, ("slow", 6.0, 9.0))), budget)
    alone = 12 * 5.5 * 1.0
    assert found.size_bytes <= budget
    assert found.seconds < 12 * 6.0 * 9.0
    assert found.kl < sum((1 + n) * 4.0**-5.5 for n in range(12))
    assert found.seconds >= alone


@given(st.floats(5.6, 8.4))
def test_an_allocation_is_no_slower_than_the_best_of_one_type_or_a_larger_one(mean_bits):
    options = timed(kinds=(FAST, ("middle", 6.5, 1.0), FINE, ("odd", 7.0, 5.0)))
    budget = 12 * mean_bits * 1000
    found = allocate(options, budget)
    whole = [
        (sum(o.size_bytes for o in alike), sum(o.kl for o in alike), sum(o.seconds for o in alike))
        for alike in zip(*options.values(), strict=True)
    ]
    inside = [(kl, seconds) for size, kl, seconds in whole if size <= budget]
    most = min([min(inside)[1], *(seconds for size, _, seconds in whole if size > budget)]) * (1 + 1e-9)
    assert found.size_bytes <= budget
    assert found.seconds <= most
    assert found.kl <= min(kl for kl, seconds in inside if seconds <= most) * (1 + 1e-9)
