"""A child that asks while it works, and a parent that answers: how a harness has a model without holding one.

Law: while the child computes, it has the machine; while the parent answers, the child waits for a line, and the machine
is free for the job that finds the answer. So one of ours runs at a time, and neither can wait for the other's lock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from edgewright.codec import dump
from edgewright.core.answers import Failure, Result
from edgewright.core.conversation import Question, Reply
from edgewright.core.harness import HarnessJob
from edgewright.ports import Tell
from edgewright.runtime.children import beats, child_environment, start_worker
from edgewright.runtime.locks import machine
from edgewright.runtime.runner import HEARTBEAT_S, await_event, send
from edgewright.runtime.venv import python_of

Answer = Callable[[Question], Reply]


def converse(
    root: Path,
    environment: Mapping[str, str],
    job: HarnessJob,
    answer: Answer,
    *,
    log: Path,
    tell: Tell,
    timeout_s: float,
) -> Result | Failure:
    """Run a job in the environment at ``root`` and answer what it asks; what ``answer`` raises ends the child too."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as stream:
        child = start_worker(python_of(root), child_environment(environment), stream)
    try:
        lines = beats(child.events, HEARTBEAT_S)
        line = dump(job)
        while True:
            with machine(tell):
                send(child, line)
                event = await_event(child.process, lines, tell, timeout_s, log)
            if not isinstance(event, Question):
                return event
            line = dump(answer(event))
    finally:
        child.end()
