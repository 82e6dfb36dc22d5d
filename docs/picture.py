"""The picture and the short table of the README, from the record of one real run.

python -m docs.picture RUN   take the figures of the run in directory RUN; then run `make docs`

What is kept of the record, in ``docs/pictures/run.json``, is what a run's picture and table are made of: the figures and
verdicts as they were recorded, without builds, logs and paths.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edgewright.api import open_run
from edgewright.codec import dump
from edgewright.core.run import Run, Trial
from edgewright.report.picture import DARK, LIGHT, draw_picture
from edgewright.report.rows import COLUMNS, cells

RECORD = Path(__file__).parent / "pictures" / "run.json"

_SHOWN = ("torch/original", "onnx/int8", "openvino/fp16", "mlx/int4_g64", "llamacpp/q4_k_m")
"""The original, the recommended build, and one of each other kind: large, not timed here, smaller and less accurate."""
_METRICS = (
    "size_bytes",
    "bits_per_weight",
    "kl_divergence",
    "top1_agreement",
    "accuracy_retained",
    "decode_tok_s",
    "speedup",
    "ttft_ms",
    "peak_bytes",
)
_COLUMNS = ("build", "size", "KL", "retained", "speedup", "memory", "verdict")


def light() -> str:
    """The picture on light paper."""
    return draw_picture(open_run(RECORD), LIGHT)


def dark() -> str:
    """The picture on dark paper."""
    return draw_picture(open_run(RECORD), DARK)


def short_table() -> str:
    """Five rows of the run's table; the recommended build's in bold letters."""
    run = open_run(RECORD)
    chosen = run.choice.chosen if run.choice else None
    trials = {trial.id: trial for trial in (run.baseline, *run.trials)}
    places = [[title for title, _ in COLUMNS].index(name) for name in _COLUMNS]
    sides = [COLUMNS[place][1] for place in places]
    lines = [list(_COLUMNS), ["---:" if side == "right" else "---" for side in sides]]
    for name in _SHOWN:
        row = [cells(trials[name])[place] for place in places]
        lines.append([f"**{cell}**" if name == chosen else cell for cell in row])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def figures_of(run: Run) -> Run:
    """The run without what picture and table do not need."""
    host = replace(run.assessment.host, release="", readiness=(), extra={})
    return replace(
        run,
        source=replace(run.source, path="", origin=Path(run.source.origin).name, original=""),
        assessment=replace(run.assessment, host=host),
        baseline=_figures(run.baseline),
        trials=tuple(_figures(trial) for trial in run.trials),
        progressive=(),
        directory="",
        exported="",
        profile=None,
    )


def _figures(trial: Trial) -> Trial:
    kept = {name: trial.values[name] for name in _METRICS if name in trial.values}
    bare = replace(trial, artifact=None, placement=None, notes=(), log="")
    return replace(bare, values=kept, explored={}, predicted={}, doubts={})


def main(arguments: Sequence[str]) -> int:
    """The exit status; see the module's docstring."""
    if len(arguments) != 1:
        print("usage: python -m docs.picture RUN", file=sys.stderr)  # noqa: T201  # it is a program
        return 2
    RECORD.parent.mkdir(exist_ok=True)
    RECORD.write_bytes(dump(figures_of(open_run(arguments[0])), indent=1) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
