"""What is done to a good input: to its bytes, and to the values of a JSON or TOML document. Pure, from a seeded generator."""

from __future__ import annotations

import copy
import json
import struct
from collections.abc import Iterator
from random import Random
from typing import Any

EDGES = (0, 1, 2, 4, 8, 12, 16, 24, 32, 64)
"""Places at which fields of the binary headers end."""
HUGE = (0, 1, 2**31, 2**32 - 1, 2**40, 2**60, 2**63, 2**64 - 1)

RAW = (
    b"",
    b"\0",
    b"null",
    b"[]",
    b"7",
    b'"text"',
    b"{}",
    b"NaN",
    b"{",
    b"\xff\xfe{}",
    b"\xef\xbb\xbf{}",
    b"[" * 10_000,
    b"[" * 10_000 + b"]" * 10_000,
    b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    b'{"a": 1e400, "b": -1e400, "c": NaN}',
    b'{"a": ' + b"9" * 6000 + b"}",
    b'"\\ud800"',
    b"{'a': 1}",
)
"""Whole documents that stand where another is meant."""

STRANGE: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    2**70,
    10**400,
    1.5,
    -1e308,
    float("nan"),
    float("inf"),
    "",
    "text",
    "../../etc/passwd",
    "/etc/passwd",
    "\0",
    "\ud800",
    "[bold]{{ 7 }}%s",
    [],
    [1, "a", None],
    [[]],
    {},
    {"a": 1},
    {"": {"": []}},
    "x" * 100_000,
    [0] * 20_000,
)
"""Values of every wrong type, size and sign."""


def bytes_of(whole: bytes, rng: Random, header: int) -> bytes:
    """A copy with one thing wrong in its first ``header`` bytes, or cut short."""
    places = min(header, len(whole))
    match rng.randrange(6):
        case 0:
            return whole[: rng.choice([*EDGES, rng.randrange(places), len(whole) - 1])]
        case 1:
            at = rng.randrange(places)
            return whole[:at] + bytes([whole[at] ^ 1 << rng.randrange(8)]) + whole[at + 1 :]
        case 2:
            at = rng.choice([*EDGES, rng.randrange(places)])
            return whole[:at] + struct.pack("<Q", rng.choice(HUGE)) + whole[at + 8 :]
        case 3:
            at = rng.randrange(places)
            return whole[:at] + rng.randbytes(rng.randrange(1, 16)) + whole[at:]
        case 4:
            at = rng.randrange(places)
            return whole[:at] + whole[at + rng.randrange(1, 32) :]
        case _:
            at = rng.randrange(places)
            return whole[:at] + struct.pack("<I", rng.choice(HUGE) & 0xFFFFFFFF) + whole[at + 4 :]


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to everything within a document, itself first."""
    yield at
    items: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in items:
        yield from places(inner, (*at, key))


def value_of(document: Any, rng: Random) -> Any:
    """A copy with one value replaced, left out, or listed twice."""
    changed = copy.deepcopy(document)
    *way, last = rng.choice([place for place in places(document) if place])
    parent = changed
    for step in way:
        parent = parent[step]
    if rng.random() < 0.15:
        del parent[last]
    else:
        parent[last] = copy.deepcopy(rng.choice(STRANGE))
    return changed


def json_of(document: Any, rng: Random) -> bytes:
    """The document with something wrong in its values, its text or its bytes."""
    chance = rng.random()
    if chance < 0.75:
        return json.dumps(value_of(document, rng)).encode()
    if chance < 0.85:
        return rng.choice(RAW)
    whole = json.dumps(document).encode()
    if chance < 0.95:
        return bytes_of(whole, rng, len(whole))
    key = next(iter(document))
    return whole[:-1] + b", " + json.dumps({key: rng.choice(STRANGE)}).encode()[1:]
