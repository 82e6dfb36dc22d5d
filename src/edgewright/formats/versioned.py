"""Documents that carry a version, brought up to the version that this edgewright writes.

Law: every version that was ever written is read. A step makes one version of the one before it, changes nothing else, and
touches neither disk nor network. What an earlier version did not say is empty afterwards, never guessed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from edgewright.core.quoted import quoted
from edgewright.errors import InputError

Document = dict[str, Any]
Step = Callable[[Document], Document]


def _no_parts(document: Document) -> Document:
    return document


@dataclass(frozen=True, kw_only=True)
class Format:
    """One kind of document: ``steps[n]`` makes version n + 1 of version n.

    ``parts`` brings documents inside this one up to date that have a version of their own.
    """

    title: str
    version: int
    steps: Mapping[int, Step] = field(default_factory=dict)
    parts: Step = _no_parts

    def parse(self, data: bytes | str, where: str) -> Document:
        """The document in ``data``, in the version that is written today; ``where`` names it in messages.

        Raises:
            InputError: it is not a document of this kind, or of a later version.
        """
        try:
            document = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{where} is not a valid {self.title}.") from error
        if not isinstance(document, dict):
            raise InputError(f"{where} is not a valid {self.title}.")
        return self.upgrade(document, where)

    def upgrade(self, document: Document, where: str) -> Document:
        """A document of any version that was ever written, as one of today's version.

        Raises:
            InputError: its version is unknown, or it is not what its version says.
        """
        version = document.get("version")
        if type(version) is not int or version < 1:
            raise InputError(f"{where} is not a valid {self.title}: its version is {quoted(version)}.")
        if version > self.version:
            raise InputError(
                f"{where} has version {quoted(version)}; this version of edgewright reads versions up to "
                f"{self.version}.",
                hint="Update edgewright.",
            )
        try:
            for step in range(version, self.version):
                document = {**self.steps[step](document), "version": step + 1}
            return self.parts(document)
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{where} is not a valid {self.title} of version {version}.") from error
