"""Where OpenVINO's time goes, by the CPU plugin's performance counters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from edgewright.backends.openvino.worker.session import OpenVinoSession
from edgewright.backends.tally import Tally, phases, warm_up
from edgewright.core.measurement.operators import OperatorProfile, PhaseProfile

_METHOD = (
    "OpenVINO's performance counters (PERF_COUNT): the plugin gives the mean time of each node over all runs so far in "
    "whole microseconds, so the shortest nodes are counted too low"
)
_MATRIX = re.compile(r"FullyConnected|MatMul|Attention|QKVProjection|LLMMLP")
_WARM_UP_RUNS = 2


def profiled(session: OpenVinoSession, ids: Sequence[int], tokens: int) -> OperatorProfile:
    """One request on a session opened for profiling, after the beginning of the same one."""
    warm_up(session, ids, tokens)
    parts = phases(session, ids, tokens)
    counters = _Counters(session)

    def phase(runs: int) -> PhaseProfile:
        count, wall_ms = next(parts)
        return counters.since(runs).phase(count, wall_ms, _MATRIX.search)

    return OperatorProfile(method=_METHOD, prefill=phase(1), decode=phase(tokens - 1))


class _Counters:
    """Means over all runs, turned into the sums of the runs since the last look."""

    def __init__(self, session: OpenVinoSession) -> None:
        self._session = session
        self._runs = _WARM_UP_RUNS
        self._before = self._sums()

    def since(self, runs: int) -> Tally:
        """Operators of the last ``runs`` runs."""
        self._runs += runs
        sums, tally = self._sums(), Tally()
        for (operator, name), microseconds in sums.items():
            spent = microseconds - self._before.get((operator, name), 0)
            tally.add(operator, max(spent, 0) / 1000.0, runs)
        self._before = sums
        return tally

    def _sums(self) -> dict[tuple[str, str], int]:
        return {key: mean * self._runs for key, mean in self._means()}

    def _means(self) -> Iterator[tuple[tuple[str, str], int]]:
        """Operator and name of each node that ran, with its microseconds."""
        for node in self._session.profiling_info():
            if str(node.status).endswith(".EXECUTED"):
                yield (node.node_type, node.node_name), round(node.real_time.total_seconds() * 1e6)
