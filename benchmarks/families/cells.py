"""What became of one model in one framework, as a record that a table can be made of. Pure.

Law: an outcome is one of five words; whatever is not "works" has its reason, one sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edgewright.core.jobs.results import Failure, FailureKind
from edgewright.errors import EdgewrightError, ResourceError


class Outcome(StrEnum):
    """``WRONG`` is a conversion that was made and differs from the original beyond the limit; ``FAILED`` is a fault of ours."""

    WORKS = "works"
    REFUSED = "refused"
    WRONG = "wrong"
    FILE_ONLY = "llama.cpp only"
    FAILED = "failed"
    ABSENT = "-"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One model in one framework. ``kl`` is nat a token to the original, the worst of its windows.

    ``build`` is the unquantized conversion's name, ``quantized`` that of the build of 8 bits with its ``quantized_kl``;
    ``quantized_reason`` says why there is none. ``generates`` says whether greedy decoding gave the original's tokens.
    ``key`` names the model, the toolchains and the code that the cell was made with.
    """

    outcome: Outcome
    key: str = ""
    reason: str = ""
    build: str = ""
    kl: float | None = None
    quantized: str = ""
    quantized_kl: float | None = None
    quantized_reason: str = ""
    generates: bool | None = None

    @property
    def sentence(self) -> str:
        """Why it is not simply right; empty where it is."""
        if self.reason:
            return self.reason
        if self.quantized_reason:
            return f"{self.quantized or 'no build of 8 bits'}: {self.quantized_reason}"
        return "greedy decoding takes another path than the original's" if self.generates is False else ""


@dataclass(frozen=True, kw_only=True)
class RowResult:
    """A row's cells by column: what torch took in, each framework, and the file of llama.cpp given as a model."""

    row: str
    cells: dict[str, Cell]


def of_failure(failure: Failure) -> Cell:
    """A job without a result: what a framework says it lacks is a refusal."""
    refused = {FailureKind.UNSUPPORTED, FailureKind.INVALID_INPUT}
    outcome = Outcome.REFUSED if failure.failure in refused else Outcome.FAILED
    return Cell(outcome=outcome, reason=failure.reason)


def of_error(error: EdgewrightError) -> Cell:
    """What a user is told is a refusal; a disk or a memory that ran out says nothing of the model."""
    outcome = Outcome.FAILED if isinstance(error, ResourceError) else Outcome.REFUSED
    return Cell(outcome=outcome, reason=error.message)
