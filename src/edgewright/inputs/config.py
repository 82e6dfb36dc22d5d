"""Files and flags to core records: policies, sizes, durations, preferences, evaluation text."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from edgewright.core import knowledge
from edgewright.core.decision.policy import OBJECTIVES, Gate, Policy
from edgewright.core.measurement.quantity import METRICS
from edgewright.core.measurement.records import Workload
from edgewright.core.measurement.text import Text
from edgewright.core.recipe.pruning import Pruning, parse
from edgewright.errors import InputError, UsageError

_SIZES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_TIMES = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_MOST_BYTES, _LONGEST_LINE = 65_536, 2000
"""Of a policy and of a line in it: the time and memory of reading TOML grow with the square of a key's parts."""


class _GateRow(BaseModel):
    model_config = ConfigDict(extra="forbid")
    at_least: float | None = None
    at_most: float | None = None
    off: bool = False


class _PolicyFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    gates: dict[str, _GateRow] = {}
    prefer: dict[str, float] = {}
    order: list[str] = []
    strict: bool = False


def size_bytes(text: str) -> int:
    """``2GB``, ``110 MB``, ``1.5GiB`` or plain bytes.

    Raises:
        UsageError: not a size.
    """
    return int(_quantity(text, _SIZES, "size", "2GB or 110MB"))


def budget(text: str) -> tuple[float | None, int | None]:
    """A search's budget: seconds (``30m``), or builds to try (``40 trials``); the other is None.

    Raises:
        UsageError: neither.
    """
    if match := re.fullmatch(r"\s*(\d+)\s*trials?\s*", text):
        if int(match.group(1)) > 0:
            return None, int(match.group(1))
        raise UsageError(f"{text!r} is not a valid budget.", hint="Write it as 30m, 2h or '40 trials'.")
    return _quantity(text, _TIMES, "budget", "30m, 2h or '40 trials'"), None


def prunings(text: str) -> list[Pruning]:
    """``blocks:0.1,neurons:0.2+recover``.

    Raises:
        UsageError: one is written otherwise.
    """
    try:
        return [parse(part) for part in text.split(",") if part.strip()]
    except ValueError as error:
        hint = "Write blocks:0.1 or neurons:0.2, with +recover to distil the original into what is left."
        raise UsageError(f"--prune: {error}.", hint=hint) from error


def _quantity(text: str, units: Mapping[str, float], what: str, examples: str) -> float:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", text)
    if not match or match.group(2).lower() not in units or float(match.group(1)) <= 0:
        raise UsageError(f"{text!r} is not a valid {what}.", hint=f"Write it as {examples}.")
    return float(match.group(1)) * units[match.group(2).lower()]


def preferred(policy: Policy, text: str) -> Policy:
    """A policy with the wishes of ``speed=2,accuracy=1`` (weights), or of ``speed>accuracy`` (one after the other).

    Raises:
        UsageError: see `preferences`; or an order that names an unknown objective, or one twice.
    """
    if ">" not in text:
        return replace(policy, prefer=preferences(text), order=())
    order = [part.strip() for part in text.split(">")]
    wrong = [name for name in order if name not in OBJECTIVES or order.count(name) > 1]
    if wrong:
        hint = f"Write speed>accuracy, each once; objectives: {', '.join(OBJECTIVES)}."
        raise UsageError(f"{text!r} is not a valid order of objectives: {wrong[0]!r}.", hint=hint)
    return replace(policy, order=tuple(order))


def preferences(text: str) -> dict[str, float]:
    """``speed=2,accuracy=1``: weights of the objectives; one that is not named weighs nothing.

    Raises:
        UsageError: an unknown objective, a weight that is not a number, or all weights zero.
    """
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, equals, weight = part.partition("=")
        if name.strip() not in OBJECTIVES or not equals:
            known = ", ".join(OBJECTIVES)
            raise UsageError(
                f"{part.strip()!r} is not a valid preference.",
                hint=f"Write speed=2,accuracy=1; objectives: {known}.",
            )
        weights[name.strip()] = _weight(weight)
    if not any(weights.values()):
        raise UsageError("At least one preference must weigh more than 0.")
    return weights


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError as error:
        raise UsageError(
            f"{text!r} is not a valid weight.", hint="Write a number, such as speed=2."
        ) from error
    if not 0.0 <= weight < float("inf"):
        raise UsageError(f"The weight {text} is not a number of 0 or more.")
    return weight


def read_policy(path: Path) -> Policy:
    """A policy file (TOML): gates replace the default ones of the same metric; ``prefer`` sets the weights.

    Raises:
        InputError: no such file, or no TOML.
        UsageError: an unknown key or metric.
    """
    data = _read_toml(path, "policy")
    try:
        file = _PolicyFile.model_validate(data)
        gates = [
            Gate(metric=metric, at_least=row.at_least, at_most=row.at_most)
            for metric, row in file.gates.items()
            if not row.off
        ]
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        hint = "A gate is [gates.METRIC] with at_least or at_most, or off = true."
        raise UsageError(f"{path}: {where}: {first['msg']}.", hint=hint) from error
    except ValueError as error:
        raise UsageError(f"{path}: {error}.") from error
    off = [metric for metric, row in file.gates.items() if row.off]
    policy = without_gates(with_gates(Policy(strict=file.strict), gates), off)
    if file.order and file.prefer:
        raise UsageError(f"{path}: order and [prefer] exclude each other.", hint="Give one of them.")
    wish = ">".join(file.order) or ",".join(f"{name}={weight}" for name, weight in file.prefer.items())
    return preferred(policy, wish) if wish else policy


def _read_toml(path: Path, what: str) -> dict[str, Any]:
    """A small TOML file of the user's own.

    Raises:
        InputError: it cannot be read, is far larger than such a file is, or no TOML.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"The {what} {path} cannot be read: {why}.") from error
    if len(data) > _MOST_BYTES or any(len(line) > _LONGEST_LINE for line in data.splitlines()):
        raise InputError(
            f"The {what} {path} is larger than {_MOST_BYTES:,} bytes, or has a line of more than {_LONGEST_LINE:,}."
        )
    try:
        return tomllib.loads(data.decode("utf-8"))
    except RecursionError as error:
        raise InputError(f"The {what} {path} is not valid TOML: it is nested too deeply.") from error
    except ValueError as error:
        raise InputError(f"The {what} {path} is not valid TOML: {error}.") from error


def with_gates(policy: Policy, gates: list[Gate]) -> Policy:
    """A policy with these gates in place of its own on the same metrics."""
    named = {gate.metric for gate in gates}
    return replace(policy, gates=(*(g for g in policy.gates if g.metric not in named), *gates))


def without_gates(policy: Policy, metrics: Collection[str]) -> Policy:
    """A policy without the gates on these metrics.

    Raises:
        UsageError: it has none on one of them.
    """
    known = {gate.metric for gate in policy.gates}
    for metric in metrics:
        if metric not in known:
            raise UsageError(f"There is no gate on {metric!r}.", hint=f"Gates: {', '.join(sorted(known))}.")
    return replace(policy, gates=tuple(gate for gate in policy.gates if gate.metric not in metrics))


def policy_from(
    file: Path | None = None,
    bounds: Mapping[str, float | None] | None = None,
    prefer: str | None = None,
    *,
    base: Policy | None = None,
    off: Collection[str] = (),
    strict: bool | None = None,
) -> Policy:
    """The policy of a file (or ``base``, or the default) with flags on top.

    ``bounds`` are by metric, None if not given; gates on metrics in ``off`` are taken out; ``strict`` is None if not given.
    """
    policy = without_gates(read_policy(file) if file else base or Policy(), off)
    gates = []
    for metric, bound in (bounds or {}).items():
        if bound is None:
            continue
        up = METRICS[metric].higher_is_better
        gates.append(Gate(metric=metric, at_least=bound if up else None, at_most=None if up else bound))
    policy = with_gates(policy, gates)
    if strict is not None:
        policy = replace(policy, strict=strict)
    return preferred(policy, prefer) if prefer else policy


class _WorkloadFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    prompt_tokens: int
    decode_tokens: int
    concurrency: int = 1


def workload(name: str) -> Workload:
    """A workload by name (chat, rag, batch, default) or from a TOML file with its three numbers.

    Raises:
        UsageError: neither a name nor a file, or numbers that make no request.
        InputError: the file cannot be read.
    """
    known = knowledge.table("workloads")
    if name in known:
        return Workload(**known[name], name=name)
    path = Path(name).expanduser()
    if not path.is_file():
        hint = (
            f"Name one of {', '.join(known)}, or a TOML file with prompt_tokens, decode_tokens, concurrency."
        )
        raise UsageError(f"Unknown workload {name!r}.", hint=hint)
    data = _read_toml(path, "workload")
    try:
        row = _WorkloadFile.model_validate(data)
        return Workload(**row.model_dump(), name=path.stem)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{path}: {where}: {first['msg']}.") from error
    except ValueError as error:
        raise UsageError(f"{path}: {error}.") from error


def evaluation_text(path: str | Path | None) -> Text:
    """A user's text file, or the prose that comes with every Python.

    Raises:
        InputError: the file is missing, empty or no UTF-8 text.
    """
    if path is None:
        return _standard_text()
    file = Path(path).expanduser()
    try:
        content = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputError(f"There is no evaluation data at {file}.", hint="Give a UTF-8 text file.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The evaluation data {file} cannot be read as UTF-8 text.") from error
    if not content.strip():
        raise InputError(f"The evaluation data {file} is empty.")
    return Text(name=file.name, content=content, sha256=hashlib.sha256(content.encode()).hexdigest())


def _standard_text() -> Text:
    from pydoc_data import topics  # noqa: PLC0415  # 0.7 MB, for runs without data of their own

    content = "\n\n".join(topics.topics[name] for name in sorted(topics.topics))
    return Text(
        name="pydoc_data.topics (prose and code of Python's reference)",
        content=content,
        sha256=hashlib.sha256(content.encode()).hexdigest(),
    )
