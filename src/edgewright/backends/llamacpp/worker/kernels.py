"""How long llama.cpp's kernels take for a weight of each type: decoding with a model of random weights, all of one type."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from edgewright.backends.llamacpp.worker import conversion, tiny
from edgewright.backends.llamacpp.worker.session import LlamaSession
from edgewright.backends.threads import thread_count

_SHAPE = tiny.Shape(blocks=4, width=1024, hidden=4096, heads=16)
"""67 million weights: too many for a cache, few enough to quantize in a second. Rows suit every type."""

_PROMPT = (1, 2, 3, 4)
_TOKENS = 12
_PASSES = 3


def time_types(types: Sequence[str], scratch: Path) -> Mapping[str, float]:
    """Seconds a weight takes in decoding one token, by type: the least of three passes over all types in turn."""
    plain = scratch / "plain.gguf"
    tiny.write(conversion.gguf(), plain, _SHAPE)
    files = {kind: scratch / f"{kind}.gguf" for kind in types}
    for kind, file in files.items():
        conversion.quantize(plain, file, kind, thread_count({}), lambda _: None, pure=True)
    best = dict.fromkeys(types, float("inf"))
    for _ in range(_PASSES):
        for kind, file in files.items():
            best[kind] = min(best[kind], _token_s(file))
    for file in (plain, *files.values()):
        file.unlink()
    return {kind: seconds / _SHAPE.weights for kind, seconds in best.items()}


def _token_s(file: Path) -> float:
    """The fastest step of one decoding: other work of the machine only ever slows one down."""
    session = LlamaSession(file, {})
    steps, last = [], 0.0
    for number, _ in enumerate(session.generate(_PROMPT, _TOKENS)):
        now = time.perf_counter()
        if number > 1:  # the prompt, and a first step that reads the file
            steps.append(now - last)
        last = now
    session.close()
    return min(steps)
