"""Pruned copies of the demo's model in every framework, with and without recovery: what is lost, what is gained, what gates say.

``make bench NAME=pruning``; ``python -m benchmarks pruning blocks:0.1 neurons:0.2+recover`` looks at these only. Each framework
makes its leading build of the original and of every pruned copy; all are scored on one text and timed beside the original.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from benchmarks.checks import Check, finish
from benchmarks.lab import Lab
from edgewright.app.optimize.optimize import run_source
from edgewright.app.optimize.request import Confirmation, Request
from edgewright.core.decision.policy import Policy
from edgewright.core.recipe.pruning import Part, Pruning, parse
from edgewright.core.run import Run, Status, Trial
from edgewright.inputs.config import evaluation_text
from edgewright.report.sentences import sentence
from edgewright.sites.local.rundir import open_run_directory

_LEADING = {"llamacpp": "q8_0", "onnx": "int8", "openvino": "int8", "mlx": "int8_g64"}
_RATIOS = (0.1, 0.2)


def main(arguments: Sequence[str]) -> int:
    """Every pruning, or those that are named."""
    started = time.time()
    prunings = [parse(text) for text in arguments] or list(_usual())
    run = _run(Lab(), prunings)
    checks = [_made(run, framework, one) for framework in _LEADING for one in (None, *prunings)]
    checks += [
        _recovered(run, one) for one in prunings if one.recover and replace(one, recover=False) in prunings
    ]
    return finish("pruning", checks, started)


def _usual() -> Iterator[Pruning]:
    for part in Part:
        for ratio in _RATIOS:
            for recover in (False, True):
                yield Pruning(part=part, ratio=ratio, recover=recover)


def _run(lab: Lab, prunings: Sequence[Pruning]) -> Run:
    request = Request(
        text=evaluation_text(None),
        policy=Policy(),
        only=tuple(f"{framework}/{name}" for framework, name in _LEADING.items()),
        prunings=tuple(prunings),
        confirmation=Confirmation(turns=0),
        tuning_rounds=0,
    )
    out = lab.folder / "pruning"
    with open_run_directory(out):
        return run_source(lab.context, lab.source, request, out, target="this-machine")


def _made(run: Run, framework: str, pruning: Pruning | None) -> Check:
    """A build that was made and measured, whatever its gates say; the figure is what it retains."""
    trial = _trial(run, framework, pruning)
    measured = trial.status is Status.MEASURED
    return Check(
        name=f"{trial.id}: accuracy retained",
        value=_figure(trial, "accuracy_retained") if measured else None,
        unit="share",
        bound="measured",
        ok=measured,
        note=_said(trial) if measured else sentence(trial.reason),
    )


def _said(trial: Trial) -> str:
    failed = [verdict.gate.metric for verdict in trial.verdicts if verdict.outcome == "fail"]
    return (
        f"{_figure(trial, 'size_bytes') / 1e6:.1f} MB, KL {_figure(trial, 'kl_divergence'):.3g}, "
        f"{_figure(trial, 'speedup'):.2f}x, gates: {'fails ' + ', '.join(failed) if failed else trial.outcome}"
    )


def _recovered(run: Run, pruning: Pruning) -> Check:
    """By how much a recovery lowers the KL divergence, in the framework that it helps least."""
    shares = {}
    for framework in _LEADING:
        pair = [_trial(run, framework, one) for one in (pruning, replace(pruning, recover=False))]
        if all(trial.status is Status.MEASURED for trial in pair):
            after, before = (_figure(trial, "kl_divergence") for trial in pair)
            shares[framework] = after / before
    worst = max(shares, key=lambda name: shares[name], default="no framework built both")
    return Check(
        name=f"{pruning.spelled}: KL divergence with recovery / without",
        value=shares.get(worst),
        unit="ratio",
        bound="< 1",
        ok=shares[worst] < 1.0 if shares else None,
        note=worst,
    )


def _trial(run: Run, framework: str, pruning: Pruning | None) -> Trial:
    name = f"{framework}/{_LEADING[framework]}"
    return run.trial(f"{name}~{pruning.name}" if pruning else name)


def _figure(trial: Trial, metric: str) -> float:
    value = trial.values.get(metric)
    return float("nan") if value is None or value.value is None else value.value
