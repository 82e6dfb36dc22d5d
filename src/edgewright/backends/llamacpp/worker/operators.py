"""Where llama.cpp's time goes, by its evaluation callback: the library has no profiler of its own."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

from edgewright.backends.llamacpp.worker.binding import binding, operator_name
from edgewright.backends.llamacpp.worker.session import LlamaSession
from edgewright.backends.tally import Tally, phases, warm_up
from edgewright.core.measurement.operators import OperatorProfile, PhaseProfile

_METHOD = (
    "llama.cpp's evaluation callback: each node of the graph is computed and timed separately, so each "
    "time includes starting and joining the threads, and operators that are normally fused are counted "
    "separately"
)
_MATRIX = re.compile(r"^(MUL_MAT|FLASH_ATTN|OUT_PROD)")
_NOTHING_TO_DO = {"NONE", "VIEW", "RESHAPE", "PERMUTE", "TRANSPOSE"}
"""Nodes that only rename memory: they are computed together with the next one."""


def profiled(session: LlamaSession, ids: Sequence[int], tokens: int) -> OperatorProfile:
    """One request with the callback, after a short one with it that is not counted."""
    lib = binding()
    nodes = _Nodes(lib)
    callback = lib.ggml_backend_sched_eval_callback(nodes.evaluate)
    session.watch(callback)
    warm_up(session, ids, tokens)
    parts = phases(session, ids, tokens)

    def phase() -> PhaseProfile:
        nodes.tally = Tally()
        count, wall_ms = next(parts)
        return nodes.tally.phase(count, wall_ms, _MATRIX.match)

    profile = OperatorProfile(method=_METHOD, prefill=phase(), decode=phase())
    session.close()  # the callback may go only after the context that calls it
    return profile


class _Nodes:
    """Times nodes between the library's two calls: before (``ask``, answered by "on its own") and after each."""

    def __init__(self, lib: Any) -> None:
        self.tally = Tally()
        self._lib = lib
        self._began = 0.0

    def evaluate(self, tensor: int, ask: bool, data: object) -> bool:  # noqa: FBT001  # the library's signature
        now = time.perf_counter()
        del data
        operator = operator_name(self._lib, tensor)
        if ask:
            self._began = time.perf_counter()
            return operator not in _NOTHING_TO_DO
        self.tally.add(operator, (now - self._began) * 1000.0)
        return True
