"""Zeros that leave every shape as it is: does a runtime decode any sooner for them?

``make bench NAME=sparsity [FRAMEWORK ...]``. Half of the weights (two of each four neighbours, the pattern that some GPUs know)
or four fifths of them (wherever they are smallest) become zero in every matrix of the decoder's blocks. Each framework builds
the dense and the sparse models alike and they are timed in common rounds. edgewright offers sparsity only where this finds a
gain: a build that was only made less accurate would be no use.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.checks import Check, finish
from benchmarks.lab import Lab
from edgewright.api import benchmark
from edgewright.app.intake.sources import source_of
from edgewright.core.measurement.records import QUICK
from edgewright.core.model.facts import Source
from edgewright.inputs.models import Trust, locate
from edgewright.report.sentences import sentence

_ROUNDS = 7
_GAIN = 1.05
_BUILDS = {
    "llamacpp": ("f16", "q8_0"),
    "onnx": ("fp32", "int8"),
    "openvino": ("fp16", "int8"),
    "mlx": ("fp16",),
}

_PATTERNS = ("2:4", "80%")
_PROGRAM = Path(__file__).with_name("zeros.py")


def main(arguments: Sequence[str]) -> int:
    """Every framework, or those that are named."""
    started = time.time()
    lab = Lab()
    sparse = {pattern: _sparse(lab, pattern) for pattern in _PATTERNS}
    checks = [
        check
        for framework in arguments or _BUILDS
        for build in _BUILDS[framework]
        for check in _compared(lab, framework, build, sparse)
    ]
    return finish("sparsity", checks, started)


def _sparse(lab: Lab, pattern: str) -> Source:
    """The model with zeros in the matrices of its blocks."""
    out = lab.folder / f"zeros-{pattern.replace(':', 'of').strip('%')}"
    lab.run([lab.python("torch"), _PROGRAM, lab.source.path, out, pattern], lab.environment("torch"))
    trust = Trust()
    return source_of(lab.context, locate(str(out), offline=True, trust=trust), trust)


def _compared(lab: Lab, framework: str, build: str, sparse: dict[str, Source]) -> Iterator[Check]:
    """Each pattern's build beside the dense one."""
    builds = [lab.artifact(framework, build), *(lab.artifact(framework, build, s) for s in sparse.values())]
    paths = [one.path for one in builds]
    arms = benchmark(paths, rounds=_ROUNDS, pace=QUICK, offline=True, reporter=lab.reporter).arms
    for pattern, arm in zip(sparse, arms[1:], strict=True):
        gain = arm.values["speedup"]
        known = gain.ci_low is not None
        yield Check(
            name=f"{framework}/{build}, {pattern} zeros: decode speed sparse / dense",
            value=gain.value,
            unit="ratio",
            bound=f"not surely over {_GAIN:g}, else it is worth offering",
            ok=gain.ci_low <= _GAIN if gain.ci_low is not None else None,
            note=f"{gain.ci_low:.3f} to {gain.ci_high:.3f}, {gain.n} rounds"
            if known
            else sentence(gain.reason),
        )
