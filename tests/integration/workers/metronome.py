"""A worker whose model is a clock: each token takes as long as it is told to, so that measuring can be held to the truth.

Runtime options: ``step_ms`` a token; ``forget`` gives the pages of the weight file back to the system after each request.
"""

import mmap
import time
from pathlib import Path

from edgewright.core.measurement.records import Placement

PLACEMENT = Placement(device="clock", weights="none", activations="none", kv_cache="none", threads=1)


class MetronomeSession:
    placement = PLACEMENT

    def __init__(self, artifact, runtime):
        self.step_s = float(runtime["step_ms"]) / 1000.0
        self.forget = bool(runtime.get("forget"))
        self.stream = (artifact / "weights.bin").open("rb")
        self.weights = mmap.mmap(self.stream.fileno(), 0, access=mmap.ACCESS_READ)

    def generate(self, ids, tokens):
        sum(self.weights[:: mmap.PAGESIZE])
        for token in range(tokens):
            end = time.perf_counter() + self.step_s
            while time.perf_counter() < end:
                pass
            yield token
        if self.forget:
            self.weights.madvise(mmap.MADV_DONTNEED)

    def close(self):
        self.weights.close()
        self.stream.close()


class MetronomeWorker:
    def open(self, artifact, runtime):
        return MetronomeSession(Path(artifact), runtime)


WORKER = MetronomeWorker()
