"""Builds beside each other: accuracy against the original on held-out text, speed and memory in common rounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.lab import Lab
from edgewright.api import benchmark, evaluate
from edgewright.core.decision.ranking import Contender
from edgewright.core.measurement.quantity import Value
from edgewright.core.measurement.records import FULL, Block
from edgewright.core.measurement.speed import ratio_of
from edgewright.core.recipe.artifact import MANIFEST_NAME
from edgewright.inputs.config import evaluation_text
from edgewright.report.sentences import sentence

_SHOWN = (
    "kl_divergence",
    "accuracy_retained",
    "decode_tok_s",
    "prefill_tok_s",
    "ttft_ms",
    "peak_bytes",
    "size_bytes",
)

_HELD_OUT = 100_000
"""Characters of the text that a run may have chosen by: what follows is new to all builds."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One build's figures, and the verdict on keeping 95 % of the accuracy."""

    name: str
    path: str
    values: Mapping[str, Value]
    blocks: Mapping[str, Block]
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
            raise RuntimeError(f"{self.name} has no {metric}: {sentence(self.values[metric].reason)}")
        return found

    def speed_of(self, other: Compared) -> Value:
        """Decode speed as a ratio to another's, in pairs of the same round."""
        return ratio_of(self.blocks, other.blocks, "decode_tok_s")


def compare(lab: Lab, arms: Mapping[str, str], *, rounds: int) -> dict[str, Compared]:
    """All arms, in their order; every figure is printed."""
    held_out = lab.folder / "held-out.txt"
    held_out.write_text(evaluation_text(None).content[_HELD_OUT:], encoding="utf-8")
    timed = benchmark(list(arms.values()), rounds=rounds, pace=FULL, offline=True, reporter=lab.reporter)
    found = {}
    for (name, path), arm in zip(arms.items(), timed.arms, strict=True):
        scored = evaluate(
            path,
            eval_data=held_out,
            baseline=lab.source.path,
            runtime="" if Path(path, MANIFEST_NAME).is_file() else arm.runtime,
            offline=True,
            reporter=lab.reporter,
        )
        outcome = str(scored.verdict.outcome) if scored.verdict else "none"
        values = {**scored.values, **arm.values}
        found[name] = Compared(name=name, path=path, values=values, blocks=arm.blocks, outcome=outcome)
        print(f"  {name}: {found[name].figures}", flush=True)
    return found
