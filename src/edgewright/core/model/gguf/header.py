"""Reads the header of a GGUF file: bytes in, metadata and tensor table out. Parent and child use this one reader.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3.

Law: nothing is trusted. Every count and length is compared with the bytes that are left before it is used, so that memory and
time stay within a small multiple of the header; every tensor must lie within the file.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn

import numpy as np

from edgewright.core import knowledge
from edgewright.core.quoted import quoted
from edgewright.errors import InputError, UnsupportedError

MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MOST_DIMENSIONS = 4
_LONGEST_KEY = 65_535
_DEFAULT_ALIGNMENT = 32

Buffer = Any
"""What can be indexed and unpacked: bytes, or a file mapped into memory."""


@dataclass(frozen=True, kw_only=True)
class GgmlType:
    """How a tensor's weights are stored: ``block_bytes`` bytes hold ``block`` weights of a row."""

    number: int
    name: str
    block: int
    block_bytes: int


@dataclass(frozen=True, kw_only=True)
class GgufTensor:
    """One tensor: shape outermost first (rows of ``shape[-1]`` weights), bytes at ``offset`` from the file's beginning."""

    name: str
    shape: tuple[int, ...]
    type: GgmlType
    offset: int
    size_bytes: int

    @property
    def elements(self) -> int:
        """How many weights it holds."""
        count = 1
        for size in self.shape:
            count *= size
        return count


@dataclass(frozen=True, kw_only=True)
class GgufHeader:
    """Metadata by key (numbers, strings, numpy arrays of numbers, tuples of the rest) and tensors in the file's order."""

    version: int
    metadata: Mapping[str, Any]
    tensors: tuple[GgufTensor, ...]

    @property
    def architecture(self) -> str:
        """llama.cpp's name of the architecture; empty where the file names none."""
        return str(self.metadata.get("general.architecture", ""))

    def of_architecture(self) -> dict[str, Any]:
        """The architecture's own settings, without its name before them."""
        prefix = f"{self.architecture}."
        return {key.removeprefix(prefix): v for key, v in self.metadata.items() if key.startswith(prefix)}


def parse_gguf(data: Buffer, name: str) -> GgufHeader:
    """The header of a whole file; ``name`` is what errors call it.

    Raises:
        InputError: no GGUF file, or a truncated or damaged one.
        UnsupportedError: a version or a byte order that is not read.
    """
    if bytes(data[:4]) != MAGIC:
        raise InputError(f"{name} is not a GGUF file: it does not begin with the letters GGUF.")
    try:
        return _Reader(data, name).header()
    except (struct.error, UnicodeDecodeError, OverflowError) as error:
        raise InputError(f"{name} is truncated or damaged.", hint="Download it again.") from error


class _Reader:
    """A position in the bytes that only moves forward."""

    def __init__(self, data: Buffer, name: str) -> None:
        self._data, self._name, self._size, self._at = data, name, len(data), 4

    def header(self) -> GgufHeader:
        version = self._version()
        tensors, pairs = int(self._scalar("Q")), int(self._scalar("Q"))
        self._room(pairs, 8 + 4 + 1)
        metadata: dict[str, Any] = {}
        for _ in range(pairs):
            key = self._text(most=_LONGEST_KEY)
            if key in metadata:
                self._damaged(f"the key {quoted(key)} occurs twice")
            metadata[key] = self._value(int(self._scalar("I")), depth=0)
        self._room(tensors, 8 + 4 + 4 + 8)
        rows = [self._row() for _ in range(tensors)]
        return GgufHeader(version=version, metadata=metadata, tensors=self._placed(rows, metadata))

    def _version(self) -> int:
        version = int(self._scalar("I"))
        if version in _VERSIONS:
            return version
        if int.from_bytes(version.to_bytes(4, "little"), "big") in _VERSIONS:
            raise UnsupportedError(
                f"{self._name} is a GGUF file in big-endian byte order, which no supported runtime reads.",
                hint="Convert it with llama.cpp's gguf_convert_endian.py, or download the little-endian file.",
            )
        raise UnsupportedError(
            f"{self._name} has GGUF version {version}; only versions 2 and 3 are supported.",
            hint="Create the file again with a current llama.cpp.",
        )

    def _row(self) -> tuple[str, tuple[int, ...], GgmlType, int]:
        name = self._text(most=_LONGEST_KEY)
        dimensions = int(self._scalar("I"))
        if dimensions > _MOST_DIMENSIONS:
            self._damaged(f"the tensor {quoted(name)} has {dimensions} dimensions")
        sizes = [int(self._scalar("Q")) for _ in range(dimensions)]
        number, offset = int(self._scalar("I")), int(self._scalar("Q"))
        if number not in ggml_types():
            raise UnsupportedError(
                f"{self._name} stores the tensor {quoted(name)} in the unknown type {number}.",
                hint="The type is obsolete or too new: convert the model again with a current llama.cpp.",
            )
        return name, tuple(reversed(sizes)), ggml_types()[number], offset

    def _placed(
        self, rows: list[tuple[str, tuple[int, ...], GgmlType, int]], metadata: Mapping[str, Any]
    ) -> tuple[GgufTensor, ...]:
        """The tensors with their places in the file; each must lie within it."""
        alignment = metadata.get("general.alignment", _DEFAULT_ALIGNMENT)
        if not isinstance(alignment, int) or alignment < 1 or alignment & (alignment - 1):
            self._damaged(f"its alignment is {quoted(alignment)}")
        start = -(-self._at // alignment) * alignment
        placed: dict[str, GgufTensor] = {}
        for name, shape, kind, offset in rows:
            tensor = GgufTensor(name=name, shape=shape, type=kind, offset=start + offset, size_bytes=0)
            row = shape[-1] if shape else 1
            if not tensor.elements or row % kind.block:
                self._damaged(
                    f"the tensor {quoted(name)} has the shape {list(shape)} in the type {kind.name}"
                )
            size = tensor.elements // kind.block * kind.block_bytes
            if start + offset + size > self._size:
                raise InputError(
                    f"{self._name} is truncated: the tensor {quoted(name)} ends beyond the file.",
                    hint="Download it again.",
                )
            if name in placed:
                self._damaged(f"the tensor {quoted(name)} occurs twice")
            placed[name] = GgufTensor(
                name=name, shape=shape, type=kind, offset=start + offset, size_bytes=size
            )
        return tuple(placed.values())

    def _value(self, kind: int, *, depth: int) -> Any:
        if kind in _SCALARS:
            return self._scalar(_SCALARS[kind])
        if kind == _STRING:
            return self._text()
        if kind != _ARRAY or depth > 1:
            self._damaged(f"a value has the type {kind}")
        inner, count = int(self._scalar("I")), int(self._scalar("Q"))
        if inner in _SCALARS:
            return self._numbers(_SCALARS[inner], count)
        self._room(count, 8)
        if inner == _STRING:
            return self._texts(count)
        return tuple(self._value(inner, depth=depth + 1) for _ in range(count))

    def _scalar(self, code: str) -> Any:
        form = _FORMS[code]
        (value,) = form.unpack_from(self._data, self._at)
        self._at += form.size
        return value

    def _numbers(self, code: str, count: int) -> Any:
        size = _FORMS[code].size
        self._room(count, size)
        raw = bytes(self._data[self._at : self._at + size * count])
        self._at += size * count
        return np.frombuffer(raw, dtype=np.dtype(code).newbyteorder("<"))

    def _text(self, most: int | None = None) -> str:
        length = int(self._scalar("Q"))
        self._room(length, 1)
        if most is not None and length > most:
            self._damaged("a name in it is longer than 65,535 bytes")
        raw = bytes(self._data[self._at : self._at + length])
        self._at += length
        return raw.decode("utf-8", errors="replace")

    def _texts(self, count: int) -> tuple[str, ...]:
        """Many strings: vocabularies have hundreds of thousands, so this loop is kept tight."""
        data, at, size, unpack = self._data, self._at, self._size, _FORMS["Q"].unpack_from
        found = []
        for _ in range(count):
            end = at + 8 + unpack(data, at)[0]
            if end > size:
                self._damaged("it ends within its metadata")
            found.append(data[at + 8 : end].decode("utf-8", errors="replace"))
            at = end
        self._at = at
        return tuple(found)

    def _room(self, count: int, least_bytes: int) -> None:
        if count * least_bytes > self._size - self._at:
            self._damaged("it ends within its header")

    def _damaged(self, why: str) -> NoReturn:
        raise InputError(f"{self._name} is truncated or damaged: {why}.", hint="Download it again.")


_FORMS: Mapping[str, struct.Struct] = {code: struct.Struct(f"<{code}") for code in (*_SCALARS.values(),)}


@cache
def ggml_types() -> Mapping[int, GgmlType]:
    """The known tensor types by their number in the format."""
    return {
        int(number): GgmlType(number=int(number), name=name, block=block, block_bytes=size)
        for number, (name, block, size) in knowledge.table("ggml_types").items()
    }
