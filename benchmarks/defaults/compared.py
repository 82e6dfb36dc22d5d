"""Builds beside each other: accuracy against the original on held-out text, speed and memory in common rounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.lab import Lab
from edgewright.api import benchmark, evaluate
from edgewright.core.choice import Contender
from edgewright.core.measurement import FULL
from edgewright.core.quantity import Value

_SHOWN = (
    "kl_divergence",
    "accuracy_retained",
    "decode_tok_s",
    "prefill_tok_s",
    "ttft_ms",
    "peak_bytes",
    "size_bytes",
)


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One build's figures, and the verdict on keeping 95 % of the accuracy."""

    name: str
    path: str
    values: Mapping[str, Value]
    outcome: str

    @property
    def contender(self) -> Contender:
        """What choosing needs."""
        return Contender(id=self.name, values=self.values, verdicts=())

    @property
    def figures(self) -> dict[str, float | str | None]:
        """For the record."""
        return {"verdict": self.outcome} | {
            metric: self.values[metric].value for metric in _SHOWN if metric in self.values
        }

    def value(self, metric: str) -> float:
        """A figure that has to be there.

        Raises:
            RuntimeError: it is not.
        """
        found = self.values[metric].value
        if found is None:
            raise RuntimeError(f"{self.name} has no {metric}: {self.values[metric].reason}")
        return found


def compare(lab: Lab, arms: Mapping[str, str], *, rounds: int) -> dict[str, Compared]:
    """All arms, in their order; every figure is printed."""
    timed = benchmark(list(arms.values()), rounds=rounds, pace=FULL, offline=True, reporter=lab.reporter)
    found = {}
    for (name, path), arm in zip(arms.items(), timed.arms, strict=True):
        runtime = "" if arm.path.startswith(str(lab.wiring.home.root)) else arm.runtime
        scored = evaluate(
            path, baseline=lab.source.path, runtime=runtime, offline=True, reporter=lab.reporter
        )
        outcome = str(scored.verdict.outcome) if scored.verdict else "none"
        found[name] = Compared(name=name, path=path, values={**scored.values, **arm.values}, outcome=outcome)
        print(f"  {name}: {found[name].figures}", flush=True)
    return found
