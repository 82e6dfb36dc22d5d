"""The recommended build beside what each framework makes by default: same model, same text, one interleaved run.

``make bench NAME=defaults``. Two questions: is the choice, asked for speed, ever slower than the fastest default that keeps the
accuracy, and how many defaults does it dominate; and does an allocation of types beat Q4_K_M with an importance matrix at its
own size. Called again after an interruption it goes on with the searches that are done; it removes them at the end.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.checks import Check, at_least, finish, worst_within
from benchmarks.defaults import made
from benchmarks.defaults.compared import Compared, compare
from benchmarks.lab import Lab
from benchmarks.llama_bench import DECODE, PREFILL, Shape, ratio_of_files
from edgewright.core.decision.pareto import dominates
from edgewright.core.decision.policy import ALWAYS, Policy
from edgewright.core.decision.ranking import points_of
from edgewright.core.measurement.quantity import Value
from edgewright.core.run import Run

_ROUNDS = 5
_LEAST_SPEED = 0.97
_FORETOLD = {"size_bytes": 0.02, "peak_bytes": 0.10}


def main(arguments: Sequence[str]) -> int:
    """Both parts, or the one that is named: ``choice`` or ``target-size``."""
    started = time.time()
    lab = Lab()
    checks: list[Check] = []
    details: dict[str, object] = {}
    if not arguments or "choice" in arguments:
        run = made.searched(lab)
        arms = {"edgewright's choice": made.chosen(run), **made.defaults(lab)}
        found = compare(lab, arms, rounds=_ROUNDS)
        checks += [*_choice(found), *_foretold(run)]
        details["choice"] = {name: one.figures for name, one in found.items()}
    if not arguments or "target-size" in arguments:
        found = compare(lab, made.at_size_of_q4_k_m(lab), rounds=_ROUNDS)
        checks += _target_size(lab, found)
        details["target-size"] = {name: one.figures for name, one in found.items()}
    shutil.rmtree(made.RUNS)
    return finish("defaults", checks, started, **details)


def _choice(found: Mapping[str, Compared]) -> list[Check]:
    mine, *others = found.values()
    kept = [one for one in others if one.outcome == "pass"]
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
        name = f"decode speed: the choice / {fastest.name}, the fastest that passes"
        checks.append(_speed(name, mine, fastest, 1.0))
    points = points_of([one.contender for one in found.values()], Policy(prefer=dict.fromkeys(ALWAYS, 1.0)))
    beaten = [one.name for one in others if dominates(points[mine.name], points[one.name])]
    checks.append(at_least("defaults that the choice dominates", len(beaten), 2, "builds", ", ".join(beaten)))
    return checks


def _foretold(run: Run) -> list[Check]:
    """What the search expected of a build before it was made, beside what it measured."""
    checks = []
    for metric, bound in _FORETOLD.items():
        errors = {
            trial.id: abs(expected / measured - 1.0)
            for trial in run.trials
            if (expected := _figure(trial.predicted, metric)) and (measured := _figure(trial.values, metric))
        }
        checks.append(worst_within(f"predicted {metric}", errors, bound))
    return checks


def _figure(values: Mapping[str, Value], metric: str) -> float | None:
    return values[metric].value if metric in values else None


def _target_size(lab: Lab, found: Mapping[str, Compared]) -> list[Check]:
    """Two builds this close in speed are told apart in turns: common rounds would not show 3 % on a host that swings."""
    plain, mixed = found.values()
    files = [Path(one.path, "model.gguf") for one in (plain, mixed)]
    sizes = [file.stat().st_size for file in files]
    kl = mixed.value("kl_divergence") / plain.value("kl_divergence")
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
        *(_in_turns(lab, shape, mixed=files[1], plain=files[0]) for shape in (DECODE, PREFILL)),
    ]


def _in_turns(lab: Lab, shape: Shape, *, mixed: Path, plain: Path) -> Check:
    ratio = ratio_of_files(lab, mixed, plain, shape, _LEAST_SPEED)
    return Check(
        name=f"{shape.name} in turns: allocated / Q4_K_M",
        value=ratio.value,
        unit="ratio of tokens/s",
        bound=f"interval from {_LEAST_SPEED:g} up",
        ok=ratio.low >= _LEAST_SPEED,
        note=ratio.note,
    )


def _speed(name: str, one: Compared, other: Compared, least: float) -> Check:
    """A ratio of decode speeds, and its interval in the note."""
    ratio = one.speed_of(other)
    note = f"{ratio.ci_low:.3f} to {ratio.ci_high:.3f}, {ratio.n} rounds" if ratio.ci_low else ratio.reason
    return at_least(name, ratio.value or 0.0, least, "ratio", note)
