"""A registry of artifacts: OCI layouts go in and come out whole, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from edgewright.ports.child import Tell

if TYPE_CHECKING:
    from edgewright.core.release.reference import Reference


class Registry(Protocol):
    """Any registry that follows the OCI distribution specification."""

    def push(self, layout: Path, reference: Reference, tell: Tell) -> str:
        """Send an OCI image layout with one manifest; the manifest's digest. What the registry has already is not sent again.

        Raises:
            OfflineError: the registry cannot be reached.
            UsageError: it refuses the credentials, or the name.
            IntegrityError: it stored something else.
        """
        ...

    def pull(self, reference: Reference, layout: Path, tell: Tell) -> str:
        """Fetch an artifact into an OCI image layout; the manifest's digest. What lies there already is not fetched again.

        Raises:
            OfflineError: the registry cannot be reached.
            UsageError: there is no such artifact, or it refuses the credentials.
            IntegrityError: what came is not what its digest says.
        """
        ...
