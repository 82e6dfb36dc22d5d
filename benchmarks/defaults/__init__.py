"""The recommended build beside what each framework makes by default: same model, same text, one interleaved run.

``make bench NAME=defaults``. Two questions: is the choice, asked for speed, ever slower than the fastest default that keeps the
accuracy, and how many defaults does it dominate; and does an allocation of types beat Q4_K_M with an importance matrix at its
own size.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.checks import Check, at_least, finish
from benchmarks.defaults import made
from benchmarks.defaults.compared import Compared, compare
from benchmarks.lab import Lab
from edgewright.core.choice import points_of
from edgewright.core.pareto import dominates
from edgewright.core.policy import ALWAYS

_ROUNDS = 7
_LEAST_SPEED = 0.97


def main(arguments: Sequence[str]) -> int:
    """Both parts, or the one that is named: ``choice`` or ``target-size``."""
    started = time.time()
    lab = Lab()
    checks: list[Check] = []
    details: dict[str, object] = {}
    if not arguments or "choice" in arguments:
        arms = {"edgewright's choice": made.chosen(lab), **made.defaults(lab)}
        found = compare(lab, arms, rounds=_ROUNDS)
        checks += _choice(found)
        details["choice"] = {name: one.figures for name, one in found.items()}
    if not arguments or "target-size" in arguments:
        at_size = {"Q4_K_M with importance matrix": made.q4_k_m(lab), "allocated": made.allocated(lab)}
        found = compare(lab, at_size, rounds=_ROUNDS)
        checks += _target_size(found)
        details["target-size"] = {name: one.figures for name, one in found.items()}
    return finish("defaults", checks, started, **details)


def _choice(found: Mapping[str, Compared]) -> list[Check]:
    mine, *others = found.values()
    kept = [one for one in others if one.outcome != "fail"]
    checks = [
        Check(
            name="the choice keeps 95 % of the accuracy",
            value=mine.value("accuracy_retained"),
            unit="share",
            bound="the verdict is pass",
            ok=mine.outcome == "pass",
        )
    ]
    if kept:
        fastest = max(kept, key=lambda one: one.value("decode_tok_s"))
        ratio = mine.value("decode_tok_s") / fastest.value("decode_tok_s")
        checks.append(
            at_least(
                f"decode speed: the choice / {fastest.name}, the fastest that passes", ratio, 1.0, "ratio"
            )
        )
    points = points_of([one.contender for one in found.values()], ALWAYS)
    beaten = [one.name for one in others if dominates(points[mine.name], points[one.name])]
    checks.append(at_least("defaults that the choice dominates", len(beaten), 2, "builds", ", ".join(beaten)))
    return checks


def _target_size(found: Mapping[str, Compared]) -> list[Check]:
    plain, mixed = found.values()
    sizes = [Path(one.path).joinpath("model.gguf").stat().st_size for one in (plain, mixed)]
    kl = mixed.value("kl_divergence") / plain.value("kl_divergence")
    speed = mixed.value("decode_tok_s") / plain.value("decode_tok_s")
    return [
        Check(
            name="size: allocated / Q4_K_M",
            value=sizes[1] / sizes[0],
            unit="ratio of bytes",
            bound="<= 1",
            ok=sizes[1] <= sizes[0],
            note=f"{sizes[1]} and {sizes[0]} bytes",
        ),
        Check(name="KL divergence: allocated / Q4_K_M", value=kl, unit="ratio", bound="< 1", ok=kl < 1.0),
        at_least("decode speed: allocated / Q4_K_M", speed, _LEAST_SPEED, "ratio"),
    ]
