"""Interleaved rounds: every arm once, in random order, each in a fresh process; a disturbed block is run again."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgewright.app.steps.bench import bench
from edgewright.core.jobs.results import Failure
from edgewright.core.measurement.noise import disturbance, relative_speed, usual_speed
from edgewright.core.measurement.records import Block, Pace, Workload
from edgewright.core.measurement.rounds import RECENT, Invalid, Round, is_worth_waiting_for, recent
from edgewright.core.recipe.recipes import Option
from edgewright.ports import Backend, Context
from edgewright.ports.task import Subject

_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class Arm:
    """What one side of a comparison runs."""

    name: str
    backend: Backend
    path: str
    runtime: Mapping[str, Option]
    log: Path


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How the arms of a round are timed: ``job`` makes a task's job for one.

    ``before`` are the rounds that were timed before it, oldest first.
    """

    job: Callable[[Subject, Workload, Pace], Any]
    workload: Workload
    pace: Pace
    before: tuple[Round, ...] = ()


def timed_round(
    context: Context, arms: Sequence[Arm], timing: Timing, rng: random.Random
) -> tuple[Round, dict[str, Failure]]:
    """The round, and why arms failed that did. An arm whose every attempt was disturbed has no block in it.

    A quick look, which no sentinel watches, only waits for other processes to end, and takes its last attempt as it is.

    What is usual for the host is told by the last few attempts, refused ones included: a host that is slower or faster from
    now on is no longer disturbed. One whose own speed goes to and fro is not waited for: its blocks are kept with what was
    seen of that, and whether they count is told by all rounds together.
    """
    order = list(arms)
    rng.shuffle(order)
    blocks: dict[str, Block] = {}
    failures: dict[str, Failure] = {}
    invalid: list[Invalid] = []
    kept_speeds: dict[str, float] = {}
    seen = list(recent(timing.before))
    names = tuple(arm.name for arm in order)
    for place, arm in enumerate(order):
        for attempt in range(_ATTEMPTS):
            again = " again" if attempt else ""
            what = f"timing {arm.name}{again}, {place + 1} of {len(order)} in this round"
            context.reporter.phase(what, because=invalid[-1].causes if attempt else ())
            answer = _block(context, arm, timing)
            if isinstance(answer, Failure):
                failures[arm.name] = answer
                break
            others = disturbance(answer.noise, None)  # what else ran says nothing of the host's own speed
            usual = usual_speed(seen[-RECENT:])
            causes = disturbance(answer.noise, usual) if timing.pace.sentinel else others
            if not others:
                seen.append(answer.noise)
            if not causes or (not timing.pace.sentinel and attempt == _ATTEMPTS - 1):
                blocks[arm.name] = answer
                break
            speed = None if others else relative_speed(answer.noise, usual)
            if speed is not None:
                so_far = Round(blocks=blocks, order=names, invalid=tuple(invalid), kept_speeds=kept_speeds)
                if not is_worth_waiting_for([*timing.before, so_far]):
                    blocks[arm.name], kept_speeds[arm.name] = answer, speed
                    break
            invalid.append(Invalid(arm=arm.name, causes=causes, speed=speed))
    return Round(blocks=blocks, order=names, invalid=tuple(invalid), kept_speeds=kept_speeds), failures


def _block(context: Context, arm: Arm, timing: Timing) -> Block | Failure:
    subject = Subject(worker=arm.backend.worker, artifact=arm.path, runtime=arm.runtime)
    return bench(context, arm.backend, timing.job(subject, timing.workload, timing.pace), arm.log)
