"""Where ONNX Runtime's time goes, by the profile that its session writes."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgewright.backends.onnx.worker.session import OnnxSession
from edgewright.backends.tally import Tally, phases, warm_up
from edgewright.core.measurement.operators import OperatorProfile
from edgewright.core.recipe.recipes import Option
from edgewright.errors import WorkerError

_METHOD = (
    "ONNX Runtime's session profile, kernel time of operators; the time for choosing ids and for GenAI's "
    "bookkeeping is not included; by execution provider: {providers}"
)
_MATRIX = re.compile(r"MatMul|Gemm|Attention")
_CONTROL = {"If", "Loop", "Scan"}
"""Operators that run a graph of their own, whose nodes stand in the profile too."""


def profiled(
    artifact: Path, runtime: Mapping[str, Option], ids: Sequence[int], tokens: int, scratch: Path
) -> OperatorProfile:
    """One request, after the beginning of the same one, in a session that profiles both; the file stays in ``scratch``."""
    scratch.mkdir(parents=True, exist_ok=True)
    prefix = scratch / f"onnx-{time.time_ns()}"
    session = OnnxSession(artifact, runtime, profile=prefix)
    warm_up(session, ids, tokens)
    (prompt, prefill_ms), (rest, decode_ms) = phases(session, ids, tokens)
    session.close()  # writes the profile
    nodes, ends = _nodes(prefix)
    # The warm-up ran the prompt and one step, the request the prompt and all steps but one.
    prefill_runs = (len(ends) - tokens) // 2
    begin = ends[prefill_runs]
    turn = ends[2 * prefill_runs]
    by_provider = _by_provider(nodes[begin:])
    return OperatorProfile(
        method=_METHOD.format(providers=by_provider),
        prefill=_tally(nodes[begin:turn]).phase(prompt, prefill_ms, _MATRIX.search),
        decode=_tally(nodes[turn:]).phase(rest, decode_ms, _MATRIX.search),
    )


def _nodes(prefix: Path) -> tuple[list[dict[str, Any]], list[int]]:
    """Events of nodes in their order, and how many there are at the end of each run of the graph."""
    found = list(prefix.parent.glob(f"{prefix.name}*.json"))
    if not found:
        raise WorkerError("ONNX Runtime wrote no profile.", hint="See its log for the cause.")
    nodes: list[dict[str, Any]] = []
    ends: list[int] = []
    for event in json.loads(found[0].read_text(encoding="utf-8")):
        if event["cat"] == "Node" and event["name"].endswith("_kernel_time"):
            nodes.append(event)
        elif event["name"] == "model_run":
            ends.append(len(nodes))
    return nodes, ends


def _tally(nodes: Sequence[Mapping[str, Any]]) -> Tally:
    tally = Tally()
    for node in nodes:
        if node["args"]["op_name"] not in _CONTROL:
            tally.add(node["args"]["op_name"], node["dur"] / 1000.0)
    return tally


def _by_provider(nodes: Sequence[Mapping[str, Any]]) -> str:
    """Milliseconds on each execution provider, in words."""
    total: Counter[str] = Counter()
    for node in nodes:
        if node["args"]["op_name"] not in _CONTROL:
            total[node["args"]["provider"]] += node["dur"]
    return ", ".join(f"{name} {microseconds / 1000.0:.1f} ms" for name, microseconds in total.most_common())
