"""Finished directories: where they are kept, and what is read from their files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from edgewright.core.model.facts import ModelFacts, TensorShape
    from edgewright.core.recipe.artifact import Artifact, FileDigest, Manifest


class Store(Protocol):
    """Finished directories under keys. A directory in the store is always complete."""

    @property
    def root(self) -> Path:
        """The directory that paths of finished directories begin with."""
        ...

    def receive(self, kind: str, key: str, source: Path) -> Path:
        """Copy a finished directory of another store, unless it is there; what is there afterwards is whole.

        Raises:
            ResourceError: there is no room for it.
        """
        ...

    def find(self, kind: str, key: str) -> Path | None:
        """The finished directory under a key, or None."""
        ...

    def every(self, kind: str) -> Iterator[Path]:
        """All finished directories of a kind."""
        ...

    def remove(self, kind: str, key: str) -> None:
        """Remove a finished directory, if there is one."""
        ...

    def building(self, kind: str, key: str) -> AbstractContextManager[Path]:
        """A path to build at. It is moved into the store at a normal exit, and removed at an exception.

        Two builders of the same key wait for each other.
        """
        ...


class Files(Protocol):
    """Access to finished directories: hashes, manifests, facts, tokenizers, records."""

    def seal(self, root: Path, unsealed: Manifest) -> None:
        """Write the manifest of a finished artifact, with the hashes and sizes of its files."""
        ...

    def artifact(self, root: Path) -> Artifact:
        """The artifact at ``root``, after its files were checked against its manifest.

        Raises:
            IntegrityError: they differ.
        """
        ...

    def digests(self, root: Path) -> tuple[FileDigest, ...]:
        """Every file below a directory by relative path, with its size and hash."""
        ...

    def tree_digest(self, root: Path) -> str:
        """One hash of a directory's content."""
        ...

    def facts(self, source: Path) -> ModelFacts:
        """Facts of a portable source directory."""
        ...

    def tensors(self, source: Path) -> Sequence[TensorShape]:
        """Name, shape and stored bytes of every weight in a portable source directory."""
        ...

    def tokenizer(self, source: Path) -> Tokenizer:
        """The tokenizer of a portable source directory."""
        ...

    def write(self, path: Path, record: object) -> None:
        """Write a record as JSON, atomically."""
        ...

    def read(self, path: Path, kind: type[Any]) -> Any:
        """Read a record that `write` wrote."""
        ...


class Tokenizer(Protocol):
    """Text to ids and back."""

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Ids of a text; ``special`` adds the tokens that the model expects around a plain text."""
        ...

    def decode(self, ids: list[int]) -> str:
        """The text of ids."""
        ...

    def chat(self, prompt: str) -> str:
        """The prompt as a user's message in the model's chat template."""
        ...

    def chat_lack(self, prompt: str) -> str:
        """The reason why `chat` returns the prompt unchanged; empty if the template works."""
        ...

    def prefix_id(self) -> int:
        """The token that replaces an empty context."""
        ...

    def begin_ids(self) -> tuple[int, ...]:
        """Ids that the tokenizer's own rules add before a text."""
        ...

    def stop_ids(self) -> tuple[int, ...]:
        """Ids that end an answer."""
        ...
