"""Where PyTorch's time goes, by its own profiler."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from edgewright.backends.tally import Tally, phases, warm_up
from edgewright.backends.torch.worker.session import TorchSession
from edgewright.core.measurement.operators import OperatorProfile, PhaseProfile

_METHOD = (
    "torch.profiler: {what} of each operator without the operators that it calls; time in Python between "
    "operators is not included"
)
_MATRIX = re.compile(r"mm$|linear|matmul|einsum|attention")


def profiled(session: TorchSession, ids: Sequence[int], tokens: int) -> OperatorProfile:
    """One request under the profiler, after a short one without."""
    from torch.profiler import ProfilerActivity, profile

    warm_up(session, ids, tokens)
    gpu = session.placement.proof["device"].startswith("cuda")
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if gpu else [])]
    parts = phases(session, ids, tokens)

    def phase() -> PhaseProfile:
        with profile(activities=activities) as profiler:
            count, wall_ms = next(parts)
        return _tally(profiler.key_averages(), on_gpu=gpu).phase(count, wall_ms, _MATRIX.search)

    what = "time on the GPU" if gpu else "time on the processor"
    return OperatorProfile(method=_METHOD.format(what=what), prefill=phase(), decode=phase())


def _tally(events: Any, *, on_gpu: bool) -> Tally:
    """Operators with their own time; on a GPU that of the kernels they launched (which stand beside them too)."""
    from torch.autograd import DeviceType

    tally = Tally()
    for event in events:
        microseconds = event.self_device_time_total if on_gpu else event.self_cpu_time_total
        if event.device_type == DeviceType.CPU and microseconds > 0:
            tally.add(event.key, microseconds / 1000.0, event.count)
    return tally
