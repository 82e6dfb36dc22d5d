"""How an evaluation text is divided: explored, held out, calibration."""

from __future__ import annotations

from collections.abc import Sequence

from edgewright.core.measurement.data import ExamRequest, Parts, split
from edgewright.errors import InputError

_LEAST = 64


def parts_of(ids: Sequence[int], asked: ExamRequest) -> Parts:
    """Explored, held-out and calibration ids.

    Raises:
        InputError: fewer than 64 tokens, or fewer than the workload's prompt.
    """
    if len(ids) < _LEAST:
        raise InputError(
            f"The evaluation text {asked.text.name} has {len(ids)} tokens, too few to compare anything.",
            hint="Give a text of at least some thousand words with --eval-data.",
        )
    if len(ids) < asked.workload.prompt_tokens:
        raise InputError(
            f"The workload's prompt has {asked.workload.prompt_tokens} tokens, and {asked.text.name} {len(ids)}.",
            hint="Give a longer text with --eval-data, or a workload with a shorter prompt.",
        )
    return split(ids, context=asked.window, explored=asked.explored, looks=asked.looks)
