"""Content that jobs name by kind and key instead of by a path, so that a job means the same at every site.

A key is a digest of everything that can change the bytes behind it. ``store:artifacts/KEY/model.gguf`` is a file in the
finished directory ``artifacts/KEY`` of whichever store the site has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import PurePath
from typing import Any, TypeVar

_SCHEME = "store:"

Job = TypeVar("Job")


@dataclass(frozen=True, kw_only=True)
class Content:
    """A finished directory of a store: its kind and key. A draft's key begins with a dot."""

    kind: str
    key: str

    @property
    def is_draft(self) -> bool:
        """Whether it is being written: it is where it is, and cannot be sent elsewhere."""
        return self.key.startswith(".")


def spelled(path: str, root: str) -> str:
    """A path below a store's root as content; any other text as it is."""
    if not path.startswith(root) or not PurePath(path).is_relative_to(root):
        return path
    return _SCHEME + PurePath(path).relative_to(root).as_posix()


def located(text: str, root: str) -> str:
    """Content as a path below a store's root; any other text as it is."""
    return str(PurePath(root, text.removeprefix(_SCHEME))) if text.startswith(_SCHEME) else text


def content_of(text: str) -> Content | None:
    """The content that a text names; None where it names none."""
    parts = PurePath(text.removeprefix(_SCHEME)).parts
    if not text.startswith(_SCHEME) or len(parts) < 2:  # a kind and a key
        return None
    return Content(kind=parts[0], key=parts[1])


def translated(job: Job, change: Callable[[str], str]) -> Job:
    """A job with each of its texts changed."""
    if not is_dataclass(job):
        return job
    changed = {name: new for name, text in _texts(job) if (new := change(text)) != text}
    return replace(job, **changed) if changed else job  # type: ignore[type-var]  # a job is a dataclass


def contents(job: Any) -> Iterator[Content]:
    """Everything that a job names by content."""
    for _, text in _texts(job):
        found = content_of(text)
        if found:
            yield found


def _texts(job: Any) -> Iterator[tuple[str, str]]:
    for one in fields(job):
        value = getattr(job, one.name)
        if isinstance(value, str):
            yield one.name, value
