"""Log-likelihoods of continuations, one pair at a time: the same code for every runtime."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgewright.core.jobs.results import Progress
from edgewright.core.measurement.likelihood import Likelihood, Pair
from edgewright.errors import InputError
from edgewright.worker.scoring import log_softmax

if TYPE_CHECKING:
    from edgewright.ports import Session, Tell

_TELL_EVERY_S = 0.5


def likelihoods(session: Session, pairs: Sequence[Pair], tell: Tell) -> tuple[Likelihood, ...]:
    """The log-likelihood of each pair's continuation, in order.

    They are worked on by length, longest first: runtimes that prepare for a length do so once for all that share it, and
    what is too much for the memory shows at once.

    Raises:
        InputError: a context or a continuation is empty.
        ArithmeticError: the model answered with numbers that are not finite.
    """
    answers: dict[int, Likelihood] = {}
    told = -_TELL_EVERY_S
    for index in sorted(range(len(pairs)), key=lambda index: -sum(map(len, pairs[index]))):
        if time.monotonic() - told >= _TELL_EVERY_S:
            told = time.monotonic()
            message = f"log-likelihoods: {len(answers)} of {len(pairs)}"
            tell(Progress(message=message, fraction=len(answers) / len(pairs)))
        answers[index] = likelihood(session, *pairs[index])
    return tuple(answers[index] for index in range(len(pairs)))


def likelihood(session: Session, context: Sequence[int], continuation: Sequence[int]) -> Likelihood:
    """One pair: float32 log-probabilities of the continuation's ids, summed in float64.

    The last id is not given to the model, because nothing follows it; the row before each id of the continuation is the
    one that predicts it.
    """
    if not context or not continuation:
        raise InputError("A context and its continuation need at least one token each.")
    ids = [*context, *continuation][:-1]
    labels = np.asarray(continuation)
    skip, done, total, greedy = len(context) - 1, 0, 0.0, True
    for piece in session.score(ids):
        rows = np.asarray(piece[skip:], dtype=np.float32)
        skip = max(0, skip - len(piece))
        if not len(rows):
            continue
        if not np.isfinite(rows).all():
            raise ArithmeticError("the model returned values that are not finite (NaN or infinity)")
        logp, wanted = log_softmax(rows), labels[done : done + len(rows)]
        total += float(logp[np.arange(len(wanted)), wanted].sum(dtype=np.float64))
        greedy = greedy and bool((logp.argmax(axis=1) == wanted).all())
        done += len(rows)
    return Likelihood(total=total, greedy=greedy)
