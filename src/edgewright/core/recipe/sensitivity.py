"""How much the quantization of each tensor group costs, and what a choice of bits for all of them would cost together.

Measured once in the reference: the weights of one group are rounded, and the KL divergence to the original is taken on
calibration ids. What several groups cost together is taken to be the sum of what each costs alone, which holds while the
costs are small.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log

from edgewright.core.model.facts import TensorShape

BITS = (2, 3, 4, 6, 8)
"""Bits at which a group is measured; between them costs are interpolated."""

EMBEDDING, HEAD = "embedding", "head"
"""The groups of the first and the last matrix. Where they are one (tied), it stands in both: each is one of its uses."""

_BLOCKS = 10
"""Layers are taken together in about this many runs of neighbours: they differ little."""

_LAYERED = re.compile(r"^(?P<list>.*?)\.(?P<layer>\d+)\.(?P<role>.+)\.weight$")
_NAMED = re.compile(r"^(?P<list>.*?)\.(?P<first>\d+)(?:-(?P<last>\d+))?\.(?P<role>.+)$")
_EMBEDDINGS = ("embed_tokens.weight", "wte.weight", "word_embeddings.weight", "embed_in.weight")
_HEADS = ("lm_head.weight", "embed_out.weight", "output.weight")
_LEAST_KL = 1e-9


@dataclass(frozen=True, kw_only=True)
class Group:
    """Tensors that get the same bits: one role in neighbouring layers, or a matrix at an end. ``first`` is its layer.

    ``row`` is the length of their rows, along which quantizers form blocks.
    """

    name: str
    tensors: tuple[str, ...]
    weights: int
    row: int
    first: int = -1


@dataclass(frozen=True, kw_only=True)
class Cost:
    """KL divergence (nat per token) of the model with one group rounded to ``bits``."""

    bits: int
    kl: float


@dataclass(frozen=True, kw_only=True)
class Curve:
    """What one group costs at each number of bits that was measured, most bits first."""

    group: Group
    costs: tuple[Cost, ...]

    def at(self, bits: float) -> float:
        """The cost at any number of bits: log KL is interpolated linearly, and continued beyond the ends.

        Each bit more takes about a factor of four, because the rounding error halves and KL grows with its square.
        """
        known = sorted((cost.bits, log(max(cost.kl, _LEAST_KL))) for cost in self.costs)
        if len(known) == 1:
            return exp(known[0][1] + (known[0][0] - bits) * log(4.0))
        pairs = list(pairwise(known))
        (low, a), (high, b) = next((p for p in pairs if bits <= p[1][0]), pairs[-1])
        return exp(a + (b - a) * (bits - low) / (high - low))


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """A model's table: one curve a group. ``method`` says how weights were rounded, ``tokens`` on how many ids."""

    source: str
    curves: tuple[Curve, ...]
    tokens: int
    method: str

    def predicted(self, bits: Mapping[str, float]) -> float:
        """KL divergence with each group at its equivalent bits; a group that is not named is not quantized."""
        return sum(curve.at(bits[curve.group.name]) for curve in self.curves if curve.group.name in bits)


def groups_of(tensors: Iterable[TensorShape], *, tied: bool) -> tuple[Group, ...]:
    """The groups of a model's matrices: by role and runs of layers, and the embedding and the head by themselves.

    A tied matrix is the only tensor of both end groups.
    """
    layered: dict[str, dict[int, TensorShape]] = {}
    ends: dict[str, TensorShape] = {}
    for tensor in tensors:
        if len(tensor.shape) != 2:
            continue
        if match := _LAYERED.match(tensor.name):
            role = f"{match['list']}.*.{match['role']}"
            layered.setdefault(role, {})[int(match["layer"])] = tensor
        elif tensor.name.endswith(_EMBEDDINGS):
            ends[EMBEDDING] = tensor
        elif tensor.name.endswith(_HEADS):
            ends[HEAD] = tensor
    if tied and EMBEDDING in ends:
        ends[HEAD] = ends[EMBEDDING]
    groups = [
        Group(name=name, tensors=(end.name,), weights=end.elements, row=end.shape[-1])
        for name, end in sorted(ends.items())
    ]
    for role, by_layer in sorted(layered.items()):
        groups += _runs(role, by_layer)
    return tuple(groups)


def members(group: str) -> tuple[str, ...]:
    """The modules of a group by its name: one a layer for ``model.layers.0-2.mlp.up_proj``; an end is its own only one."""
    match = _NAMED.match(group)
    if match is None:
        return (group,)
    last = match["last"] or match["first"]
    layers = range(int(match["first"]), int(last) + 1)
    return tuple(f"{match['list']}.{layer}.{match['role']}" for layer in layers)


def _runs(role: str, by_layer: Mapping[int, TensorShape]) -> list[Group]:
    layers = sorted(by_layer)
    size = -(-len(layers) // _BLOCKS)
    return [
        Group(
            name=role.replace("*", _said(run)),
            tensors=tuple(by_layer[layer].name for layer in run),
            weights=sum(by_layer[layer].elements for layer in run),
            row=by_layer[run[0]].shape[-1],
            first=run[0],
        )
        for run in (layers[start : start + size] for start in range(0, len(layers), size))
    ]


def _said(run: Sequence[int]) -> str:
    return str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}"
