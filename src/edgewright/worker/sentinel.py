"""Run as a program: half a second of fixed work, to see whether the host is as fast as it was.

Matrix products of 768 x 768 float32 on all cores, then sums over 64 MiB; each figure is that of the median pass.
"""

import json
import sys
import time
from collections.abc import Callable
from statistics import median

import numpy as np

_SECONDS = 0.25
_SIDE = 768
_BYTES = 64 * 2**20


def _median_pass(work: Callable[[], object], seconds: float) -> float:
    work()
    took: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(took) < 3:
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return median(took)


def measure() -> dict[str, float]:
    """Both rates, by the names of `core.noise.Sentinel`."""
    matrix = np.random.default_rng(0).random((_SIDE, _SIDE), dtype=np.float32)
    product = np.empty_like(matrix)
    data = np.ones(_BYTES // 8)
    multiply_s = _median_pass(lambda: np.matmul(matrix, matrix, out=product), _SECONDS)
    read_s = _median_pass(data.sum, _SECONDS)
    return {"gflop_s": 2 * _SIDE**3 / multiply_s / 1e9, "read_gb_s": _BYTES / read_s / 1e9}


if __name__ == "__main__":
    json.dump(measure(), sys.stdout)
