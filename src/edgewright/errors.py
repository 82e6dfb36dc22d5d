"""All errors that users can get, in one tree.

    EdgewrightError            1
    ├── UsageError             2   a flag, a key or a value is wrong
    ├── InputError             3   a model, a data file or a run cannot be read
    ├── UnsupportedError       4   the input is valid, but no framework here supports it
    ├── ToolchainError         5   a framework's environment is not available
    ├── OfflineError           6   the network is needed, but not reachable or not allowed
    ├── ResourceError          7   disk space, memory or a permission is missing
    ├── WorkerError            8   a framework's process crashed, timed out or gave no valid result
    ├── IntegrityError         9   stored bytes differ from their recorded hash
    ├── NoBuildPassedError    10   the run is complete, and every build fails a gate
    ├── ProvisionalError      11   the run is complete, and the recommended build has undecided gates
    ├── UnprovenError         12   the prepared original differs from the given model
    └── BudgetError           13   a package is larger than its limits allow

Rules: each class has a stable exit code, each message names the cause, each ``hint`` names the next step. An
interrupt exits with 130, as shells expect.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from edgewright.reasons import Reason


class EdgewrightError(Exception):
    """A failure with a cause (the message) and a next step (the hint).

    ``because`` are figures or findings behind the cause, which the command line puts into words.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "", because: Sequence[Reason] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.because = tuple(because)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(EdgewrightError):
    """A flag, a configuration key or a value is wrong."""

    exit_code = 2


class InputError(EdgewrightError):
    """A model, a data file or a run directory is missing, truncated or malformed."""

    exit_code = 3


class UnsupportedError(EdgewrightError):
    """The input is valid, but edgewright cannot do what is requested; a retry does not help."""

    exit_code = 4


class ToolchainError(EdgewrightError):
    """A framework's environment is missing, cannot be built here, or failed its smoke job."""

    exit_code = 5


class OfflineError(EdgewrightError):
    """The network is needed, but it is not reachable or not allowed."""

    exit_code = 6


class ResourceError(EdgewrightError):
    """Disk space, memory or a permission is missing."""

    exit_code = 7


class WorkerError(EdgewrightError):
    """A framework's process crashed, timed out, or did not produce the expected result."""

    exit_code = 8


class IntegrityError(EdgewrightError):
    """Stored bytes differ from their recorded digests."""

    exit_code = 9


class NoBuildPassedError(EdgewrightError):
    """The run is complete, but no build is recommended: all fail a gate, or with --strict none passed all gates."""

    exit_code = 10


class ProvisionalError(EdgewrightError):
    """The run is complete, no build passed all gates, and the best build that fails none is recommended as provisional."""

    exit_code = 11


class UnprovenError(EdgewrightError):
    """The original made from a model's file differs from the file, so nothing can be compared with it."""

    exit_code = 12


class BudgetError(EdgewrightError):
    """A package breaks a limit on its download, its size on disk or its memory; nothing was written."""

    exit_code = 13


EXIT_INTERRUPTED = 130
