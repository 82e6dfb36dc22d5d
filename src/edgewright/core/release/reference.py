"""The name of an artifact in a registry: ``registry.example:5000/team/model:1`` or ``...@sha256:...``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgewright.core.quoted import quoted
from edgewright.errors import UsageError

_HOST = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::\d{1,5})?"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<host>{_HOST})/(?P<name>{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
"""As the OCI distribution specification 1.1 has it; the host is never left out."""

_LOOPBACK = re.compile(r"(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A registry's host, the repository, and a tag or a digest."""

    host: str
    name: str
    tag: str = ""
    digest: str = ""

    @property
    def version(self) -> str:
        """What is asked for: the digest, else the tag."""
        return self.digest or self.tag or "latest"

    @property
    def base(self) -> str:
        """The address of the registry's interface; plain HTTP on this machine only."""
        scheme = "http" if _LOOPBACK.fullmatch(self.host) else "https"
        return f"{scheme}://{self.host}/v2/{self.name}"

    def __str__(self) -> str:
        return (
            f"{self.host}/{self.name}"
            + (f":{self.tag}" if self.tag else "")
            + (f"@{self.digest}" if self.digest else "")
        )


def reference(text: str) -> Reference:
    """A reference as a user writes it.

    Raises:
        UsageError: it is not one; the message says what it looks like.
    """
    found = _REFERENCE.fullmatch(text.removeprefix("oci://"))
    if found is None:
        raise UsageError(
            f"{quoted(text)} is not the name of an artifact in a registry.",
            hint="Give HOST/REPOSITORY:TAG, such as registry.example/team/model:1, in lower case.",
        )
    return Reference(**{name: value or "" for name, value in found.groupdict().items()})
