"""Timed requests in this fresh process. Nothing samples and nothing profiles while a request runs.

Order: the files read anew, a sentinel of the host, the load, warm-up requests of the full shape until they settle, then timed
requests, then the sentinel again. Memory and the host's counters are read between those steps.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from edgewright.core.jobs.results import Progress
from edgewright.core.measurement.records import Block, Pace, Request, Workload
from edgewright.errors import UnsupportedError
from edgewright.ports import BatchSession, Session, Tell
from edgewright.worker.energy import EnergyWatch
from edgewright.worker.host import HostWatch, sentinel
from edgewright.worker.memory import MemoryWatch
from edgewright.worker.pages import read_anew

_SHOWN_S = 0.02
"""Time for the parent to show what is said, before a request is timed and not during it."""

_TELL_S = 1.0
"""No more often than that: where requests are short, the pauses between them would rival them."""


@dataclass(frozen=True)
class _Shape:
    """The prompts of one request: one, or several of equal length at once."""

    prompts: tuple[tuple[int, ...], ...]
    tokens: int


def bench(
    open_session: Callable[[], Session],
    artifact: Path,
    ids: Sequence[int],
    workload: Workload,
    pace: Pace,
    tell: Tell,
) -> Block:
    """Open a session and time greedy requests of ``workload`` for as long as ``pace`` says.

    Raises:
        UnsupportedError: several prompts at once, and the runtime takes one.
    """
    tell(Progress(message="reading the files"))
    read_anew(artifact)
    tell(Progress(message="checking the host"))
    before = sentinel() if pace.sentinel else None
    energy = EnergyWatch() if pace.energy else None
    memory = MemoryWatch(artifact)
    started = time.perf_counter()
    session = open_session()
    load_s = time.perf_counter() - started
    memory.phase("loaded")
    shape = _shape(session, ids, workload)
    watch = HostWatch()
    warmup, steady, slow = _warm_up(session, shape, pace, tell)
    memory.phase("warmed up")
    watch = watch if slow else HostWatch()
    if energy:
        energy.begin()
    requests = slow or _timed(session, shape, pace, tell)
    if energy:
        energy.end()
    noise = watch.noise()
    memory.phase("decoded")
    placement = session.placement
    record = memory.record()
    session.close()
    # Counters were begun after a request that was slow enough to stand alone, so they know nothing of it.
    used = energy.energy(placement.device) if energy and not slow else None
    return Block(
        load_s=load_s,
        warmup=warmup,
        steady=steady,
        requests=tuple(requests),
        cpu_s=watch.own_cpu_s,
        memory=record,
        noise=watch.with_sentinels(noise, before, sentinel() if pace.sentinel else None),
        placement=placement,
        energy=used,
    )


def _shape(session: Session, ids: Sequence[int], workload: Workload) -> _Shape:
    """The first prompt is ``ids``; each further one is it, rotated: other tokens, the same cost."""
    if workload.concurrency > 1 and not isinstance(session, BatchSession):
        raise UnsupportedError(
            f"This runtime takes one prompt at a time, not {workload.concurrency}.",
            hint="Use a workload with concurrency 1.",
        )
    turns = [index * len(ids) // workload.concurrency for index in range(workload.concurrency)]
    prompts = tuple((*ids[turn:], *ids[:turn]) for turn in turns)
    return _Shape(prompts=prompts, tokens=workload.decode_tokens)


def _warm_up(session: Session, shape: _Shape, pace: Pace, tell: Tell) -> tuple[int, bool, list[Request]]:
    """How many requests did not count, whether they had settled, and a first one so slow that it has to count.

    Where blocks are cut short and one request takes longer than that, a second would tell nothing new.
    """
    took: list[float] = []
    while len(took) < pace.warmup_most:
        tell(Progress(message=f"warming up ({len(took) + 1})"))
        began = time.perf_counter()
        cut = None if pace.cut_s is None else began + pace.cut_s
        request = _request(session, shape, cut, 1)
        took.append(time.perf_counter() - began)
        if pace.cut_s is not None and took[-1] > pace.cut_s:
            return 0, False, [request]
        if len(took) >= pace.warmup_least and settled(took, pace.settled):
            break
    return len(took), settled(took, pace.settled), []


def settled(took: Sequence[float], within: float) -> bool:
    """Whether the last two medians of three consecutive durations differ by less than ``within``; needs four."""
    if len(took) < 4:
        return False
    last, before = median(took[-3:]), median(took[-4:-1])
    return abs(last / before - 1.0) < within


def _timed(session: Session, shape: _Shape, pace: Pace, tell: Tell) -> list[Request]:
    began = time.perf_counter()
    told = began - _TELL_S
    cut = began + pace.cut_s if pace.cut_s is not None else None
    requests: list[Request] = []
    while True:
        now = time.perf_counter()
        enough = len(requests) >= pace.least_requests and now - began >= pace.least_s
        lacking = 0 if pace.cut_s is None else pace.least_latencies - _latencies(requests)
        if requests and (enough or (cut is not None and now > cut)) and lacking <= 0:
            return requests
        if now - told >= _TELL_S:
            told = now
            tell(Progress(message=f"timing request {len(requests) + 1}"))
            time.sleep(_SHOWN_S)
        requests.append(_request(session, shape, cut, lacking))


def _latencies(requests: Sequence[Request]) -> int:
    return sum(len(request.token_times_ms) - 1 for request in requests)


def _request(session: Session, shape: _Shape, cut: float | None, lacking: int) -> Request:
    """One request; past ``cut`` it ends once it has brought the ``lacking`` latencies."""
    times: list[float] = []
    out: list[int] = []
    started = time.perf_counter()
    for token in _first_of_each_step(session, shape):
        now = time.perf_counter()
        times.append((now - started) * 1000.0)
        out.append(token)
        if cut is not None and now > cut and len(out) > max(lacking, 1):
            break
    return Request(
        prompt_tokens=len(shape.prompts[0]),
        token_times_ms=tuple(times),
        token_ids=tuple(out),
        concurrency=len(shape.prompts),
    )


def _first_of_each_step(session: Session, shape: _Shape) -> Iterator[int]:
    if len(shape.prompts) == 1:
        return session.generate(shape.prompts[0], shape.tokens)
    many: BatchSession = session  # type: ignore[assignment]  # `_shape` saw to it
    return (step[0] for step in many.generate_batch(shape.prompts, shape.tokens))
