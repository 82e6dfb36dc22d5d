"""Every error a user can meet, in one tree.

    EdgewrightError            1
    ├── UsageError             2   a flag, a key or a value is wrong
    ├── InputError             3   a model, a data file or a run cannot be read
    ├── UnsupportedError       4   read well, but no framework here can do it
    ├── ToolchainError         5   a framework's environment cannot be had
    ├── OfflineError           6   the network is needed and not there, or not allowed
    ├── ResourceError          7   disk, memory or permission ran out
    ├── WorkerError            8   a framework's process died, timed out or broke its promise
    ├── IntegrityError         9   bytes are not the ones that were recorded
    ├── NoBuildPassedError    10   everything worked, and every build fails a gate
    ├── ProvisionalError      11   everything worked, and the recommended build has gates that are open
    └── UnprovenError         12   the original that was prepared is not the model that was given

The law: each class has a stable exit code, each message names the cause, each ``hint`` names the next
step. An interrupt exits with 130, as shells expect.
"""

from __future__ import annotations

from typing import ClassVar


class EdgewrightError(Exception):
    """A failure with a cause (the message) and a next step (the hint)."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(EdgewrightError):
    """A flag, a configuration key or a value is wrong."""

    exit_code = 2


class InputError(EdgewrightError):
    """A model, a data file or a run directory is missing, truncated or malformed."""

    exit_code = 3


class UnsupportedError(EdgewrightError):
    """The input is well formed, and what it asks for cannot be done; asking again changes nothing."""

    exit_code = 4


class ToolchainError(EdgewrightError):
    """A framework's environment is missing, cannot be built here, or failed its smoke job."""

    exit_code = 5


class OfflineError(EdgewrightError):
    """The network is needed, and is not reachable or not allowed."""

    exit_code = 6


class ResourceError(EdgewrightError):
    """Disk, memory or permission ran out."""

    exit_code = 7


class WorkerError(EdgewrightError):
    """A framework's process crashed, timed out, or did not produce what it promised."""

    exit_code = 8


class IntegrityError(EdgewrightError):
    """Stored bytes differ from their recorded digests."""

    exit_code = 9


class NoBuildPassedError(EdgewrightError):
    """All went well, and no build is recommended: each fails a gate, or with --strict none passed every one."""

    exit_code = 10


class ProvisionalError(EdgewrightError):
    """All went well, no build passed every gate, and the best one that no gate fails is recommended as provisional."""

    exit_code = 11


class UnprovenError(EdgewrightError):
    """What was made of a model's file answers otherwise than the file, so nothing may be compared with it."""

    exit_code = 12


EXIT_INTERRUPTED = 130
