"""Zeros that leave every shape as it is: does a runtime decode any sooner for them?

``make bench NAME=sparsity [FRAMEWORK ...]``. Half of the weights (two of each four neighbours, the pattern that some GPUs know)
or four fifths of them (wherever they are smallest) become zero in every matrix of the decoder's blocks. Each framework builds
the dense and the sparse models alike and they are timed in common rounds. edgewright offers sparsity only where this finds a
gain: a build that was only made less accurate would be no use.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.checks import Check, finish
from benchmarks.lab import Lab
from edgewright.api import benchmark
from edgewright.api.intake import source_of
from edgewright.core.measurement import QUICK
from edgewright.core.model import Source
from edgewright.runtime.models import Trust, locate

_ROUNDS = 7
_GAIN = 1.05
_BUILDS = {
    "llamacpp": ("f16", "q8_0"),
    "onnx": ("fp32", "int8"),
    "openvino": ("fp16", "int8"),
    "mlx": ("fp16",),
}

Bits = NDArray[np.integer[Any]]
"""A matrix of floats by their bits: without the sign they order as the magnitudes do."""


def main(arguments: Sequence[str]) -> int:
    """Every framework, or those that are named."""
    started = time.time()
    lab = Lab()
    sources = {name: _sparse(lab, name, zeros) for name, zeros in _PATTERNS.items()}
    checks: list[Check] = []
    for framework in arguments or _BUILDS:
        for build in _BUILDS[framework]:
            paths = [lab.artifact(framework, build).path]
            paths += [lab.artifact(framework, build, source).path for source in sources.values()]
            arms = benchmark(paths, rounds=_ROUNDS, pace=QUICK, offline=True, reporter=lab.reporter).arms
            for pattern, arm in zip(sources, arms[1:], strict=True):
                gain = arm.values["speedup"]
                low, high = gain.ci_low, gain.ci_high
                if gain.value is None or low is None or high is None:
                    raise RuntimeError(f"{arm.name} has no speedup: {gain.reason}")
                checks.append(
                    Check(
                        name=f"{framework}/{build}, {pattern}: decode speed sparse / dense",
                        value=gain.value,
                        unit="ratio",
                        bound=f"not surely over {_GAIN:g}, else it is worth offering",
                        ok=low <= _GAIN,
                        note=f"{low:.3f} to {high:.3f}, {gain.n} rounds",
                    )
                )
    return finish("sparsity", checks, started)


def _two_of_four(weights: Bits) -> Bits:
    """Zeros for the two smallest of each four neighbours in a row."""
    fours = weights.reshape(-1, 4)
    small = np.argsort(_magnitude(fours), axis=1, kind="stable")[:, :2]
    kept = fours.copy()
    np.put_along_axis(kept, small, 0, axis=1)
    return kept.reshape(weights.shape)


def _four_fifths(weights: Bits) -> Bits:
    """Zeros for the smallest four fifths of a matrix."""
    sizes = _magnitude(weights)
    limit = np.partition(sizes, int(0.8 * sizes.size), axis=None)[int(0.8 * sizes.size)]
    return np.where(sizes < limit, 0, weights).astype(weights.dtype)


_PATTERNS: dict[str, Callable[[Bits], Bits]] = {"2:4": _two_of_four, "80 % zeros": _four_fifths}


def _magnitude(weights: Bits) -> Bits:
    return weights & np.iinfo(weights.dtype).max // 2


def _sparse(lab: Lab, name: str, zeros: Callable[[Bits], Bits]) -> Source:
    """A copy of the model's source with zeros in the matrices of its blocks."""
    folder = lab.folder / f"{lab.source.name} {name}".replace(" ", "-").replace(":", "of")
    shutil.copytree(lab.source.path, folder)
    (folder / "edgewright-source.json").unlink(missing_ok=True)
    for file in folder.glob("*.safetensors"):
        for matrix in _matrices(file):
            matrix[:] = zeros(matrix)
    return source_of(lab.shop, locate(str(folder), offline=True, trust=Trust()), Trust())


def _matrices(file: Path) -> Iterator[Bits]:
    """The blocks' matrices in a safetensors file, to be changed in place: after eight bytes of its length, a JSON header."""
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        header = json.loads(stream.read(length))
    for name, tensor in header.items():
        if ".layers." in name and len(tensor["shape"]) == 2:
            start, end = tensor["data_offsets"]
            count = int(np.prod(tensor["shape"]))
            kind = np.dtype(f"<u{(end - start) // count}")
            yield np.memmap(file, kind, "r+", offset=8 + length + start, shape=tuple(tensor["shape"]))
