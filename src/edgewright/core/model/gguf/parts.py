"""Split GGUF files: ``name-00001-of-00003.gguf``, as llama.cpp's gguf-split names the parts. Names in, names out."""

from __future__ import annotations

import re
from collections.abc import Collection

from edgewright.core.model.gguf.header import GgufHeader, GgufTensor
from edgewright.core.quoted import quoted
from edgewright.errors import InputError

_PART = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<suffix>\.gguf)?", re.IGNORECASE)


def part_names(name: str, there: Collection[str]) -> tuple[str, ...]:
    """All files of the model that ``name`` belongs to, in order; just ``name`` where it is not a part of a split.

    Raises:
        InputError: a part is not among the files that are ``there``.
    """
    found = _PART.fullmatch(name)
    if found is None:
        return (name,)
    count, suffix = int(found["count"]), found["suffix"] or ""
    names = [f"{found['stem']}-{number:05d}-of-{count:05d}{suffix}" for number in range(1, count + 1)]
    missing = [wanted for wanted in names if wanted not in there]
    if missing:
        raise InputError(
            f"{name} is one of {count} parts of a model; {len(missing)} of them are not in its directory, "
            f"such as {missing[0]}.",
            hint="Put all parts into one directory and give any of them.",
        )
    return tuple(names)


def model_name(name: str) -> str:
    """What a model is called by its file: without the suffix, and without the number of a part."""
    found = _PART.fullmatch(name)
    if found:
        return found["stem"]
    return name[: -len(".gguf")] if name.lower().endswith(".gguf") else name


def join_parts(parts: Collection[GgufHeader], name: str) -> GgufHeader:
    """One header of all parts: the first has the metadata, tensors are everyone's. Offsets are those within each part.

    Raises:
        InputError: a file says that it is a part and stands alone, or parts do not belong together.
    """
    first, *rest = parts
    declared = _number(first, "split.count", 0)
    if max(declared, 1) != len(parts):
        raise InputError(
            f"{name} declares {declared} parts of a model, but {len(parts)} were found.",
            hint="Put all parts into one directory, named as llama.cpp's gguf-split names them.",
        )
    tensors: dict[str, GgufTensor] = {}
    for number, part in enumerate(parts):
        if rest and _number(part, "split.no", -1) != number:
            raise InputError(
                f"Part {number + 1} of {name} contains a different part from the one in its name."
            )
        for tensor in part.tensors:
            if tensor.name in tensors:
                raise InputError(f"The tensor {quoted(tensor.name)} occurs in two parts of {name}.")
            tensors[tensor.name] = tensor
    expected = _number(first, "split.tensors.count", len(tensors))
    if expected != len(tensors):
        raise InputError(
            f"The parts of {name} contain {len(tensors)} tensors, but the model has {expected}.",
            hint="Download the parts again.",
        )
    return GgufHeader(version=first.version, metadata=first.metadata, tensors=tuple(tensors.values()))


def _number(part: GgufHeader, key: str, default: int) -> int:
    found = part.metadata.get(key, default)
    if isinstance(found, bool) or not isinstance(found, int):
        raise InputError(f"The GGUF file says {key}: {quoted(found)}, which is not a whole number.")
    return found
