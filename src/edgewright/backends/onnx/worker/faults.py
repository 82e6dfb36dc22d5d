"""Why Olive made no model: it logs what a pass raised, and ends as if all were well or with an error about itself."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from edgewright.errors import EdgewrightError, UnsupportedError, WorkerError

_UNPREPARED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
)
"""What the builder raises where a configuration or a weight is not what it was written for."""


class Faults(logging.Handler):
    """Remembers the first exception that was logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.first: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`."""
        if self.first is None and record.exc_info:
            self.first = record.exc_info[1]


@contextmanager
def watched() -> Iterator[Faults]:
    """Listens to Olive; what a pass raises comes out as the error a user sees.

    Raises:
        UnsupportedError: the model builder was not written for this model.
    """
    faults, logger = Faults(), logging.getLogger("olive")
    logger.addHandler(faults)
    try:
        yield faults
    except _UNPREPARED as error:
        raise refusal(faults.first or error) from error
    finally:
        logger.removeHandler(faults)


def refusal(fault: BaseException | None) -> EdgewrightError:
    """A pass that raised ``fault``, as the error a user sees."""
    if isinstance(fault, _UNPREPARED):
        told = (str(fault).strip().splitlines() or [""])[0][:200]
        return UnsupportedError(
            f"The model builder of ONNX Runtime GenAI fails on this model: {type(fault).__name__}: {told}.",
            hint="Use another framework for this model.",
        )
    cause = f": {fault}" if fault else ""
    return WorkerError(f"Olive ended without a model{cause}.", hint="See its log for the pass that failed.")
