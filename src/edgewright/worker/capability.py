"""Run as a program: what the host can do at best, on all its cores.

Reading: one process a core sums an array of its own that is at least four times the last-level cache, all at the same
time; their bytes over the slowest one's time. Computing: products of 2048 x 2048 float32 matrices, all cores in one
process. Of several passes the fastest counts: this is a bound.
"""

import json
import os
import subprocess
import sys
import time

import numpy as np

_PASSES = 8
_SIDE = 2048
_LEAST_BYTES = 256 * 2**20


def read_bytes_per_second(size: int, start_at: float) -> float:
    """This core's rate; every process begins at the same moment."""
    data = np.ones(size // 8)
    data.sum()
    time.sleep(max(start_at - time.time(), 0.0))
    best = 0.0
    for _ in range(_PASSES):
        began = time.perf_counter()
        data.sum()
        best = max(best, data.nbytes / (time.perf_counter() - began))
    return best


def gflop_s() -> float:
    """Float32 matrix products on all cores."""
    matrix = np.random.default_rng(0).random((_SIDE, _SIDE), dtype=np.float32)
    product = np.empty_like(matrix)
    best = 0.0
    for _ in range(_PASSES):
        began = time.perf_counter()
        np.matmul(matrix, matrix, out=product)
        best = max(best, 2 * _SIDE**3 / (time.perf_counter() - began) / 1e9)
    return best


def _last_level_cache() -> int | None:
    sizes = []
    for index in range(6):
        path = f"/sys/devices/system/cpu/cpu0/cache/index{index}/size"
        try:
            with open(path, encoding="ascii") as stream:  # noqa: PTH123  # this file runs alone, before anything is imported
                text = stream.read().strip()
        except OSError:
            continue
        sizes.append(int(text[:-1]) * {"K": 2**10, "M": 2**20}.get(text[-1], 1))
    return max(sizes, default=None)


def main() -> None:
    if sys.argv[1:2] == ["read"]:
        json.dump(read_bytes_per_second(int(sys.argv[2]), float(sys.argv[3])), sys.stdout)
        return
    cores = int(os.environ.get("EDGEWRIGHT_THREADS") or os.cpu_count() or 1)
    cache = _last_level_cache()
    size = max(4 * (cache or 0), _LEAST_BYTES)
    start_at = time.time() + 2.0
    command = [sys.executable, "-I", __file__, "read", str(size), str(start_at)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(cores)]
    rates = [json.loads(reader.communicate()[0]) for reader in readers]
    answer = {
        "read_gb_s": sum(rates) / 1e9,
        "gflop_s": gflop_s(),
        "cores": cores,
        "last_level_cache_bytes": cache,
        "method": (
            f"{cores} processes each summing {size / 1e6:.0f} MB at once; float32 products of {_SIDE} x {_SIDE}; "
            f"the best of {_PASSES} passes"
        ),
    }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
