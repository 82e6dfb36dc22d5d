"""Policy files, damaged: TOML has no writer in Python's library, and these need none that is right."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from benchmarks.fuzz.damage import RAW, bytes_of, value_of

_WHOLE = (
    b"gates = 1",
    b"a = 1\na = 2",
    b"[gates]\n[gates]",
    b"a = " + b"[" * 10_000 + b"]" * 10_000,
    b"a." * 5000 + b"a = 1",
    b"prefer = {speed = inf}",
    b"prefer = {speed = nan, accuracy = nan}",
    b"order = ['speed', 'speed']",
    b"order = ['speed>accuracy']",
    b"prefer = {'speed=1,size' = 2}",
    b"gates.decode_tok_s.at_least = nan",
    b"gates.decode_tok_s.at_least = " + b"9" * 5000,
    b"gates.'no metric'.at_least = 1",
    b"gates.decode_tok_s = {at_least = 2, at_most = 1}",
    b"gates.decode_tok_s = {at_least = -1}",
    b"gates.peak_bytes = {at_least = 1}",
    b"strict = 'yes'",
    b"strict = 1979-05-27",
)


def toml_of(document: dict[str, Any], rng: Random) -> bytes:
    """A policy with something wrong in its values, its text or its bytes."""
    chance = rng.random()
    if chance < 0.3:
        return rng.choice(_WHOLE)
    if chance < 0.4:
        return rng.choice(RAW)
    if chance < 0.6:
        whole = _text(document)
        return bytes_of(whole, rng, len(whole))
    return _text(value_of(document, rng))


def _text(document: dict[str, Any]) -> bytes:
    return "\n".join(f"{json.dumps(key)} = {_value(value)}" for key, value in document.items()).encode(
        errors="surrogatepass"
    )


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if value is None:
        return "''"
    if isinstance(value, float):
        return {"inf": "inf", "nan": "nan"}.get(str(value), repr(value))
    return json.dumps(value)
