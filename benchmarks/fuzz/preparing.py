"""Some damaged models given to the reference itself: what the checks before it let pass must end in a sentence there, too."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from benchmarks.fuzz import child
from benchmarks.fuzz.inputs import KINDS, Kind
from benchmarks.fuzz.trial import Verdict
from edgewright.app.intake.sources import source_of
from edgewright.environment import Environment
from edgewright.errors import EdgewrightError
from edgewright.inputs.models import Trust, locate
from edgewright.sites.local.home import Home

_LIMIT_S = 240.0
"""The reference is imported, the model loaded and proven: seconds each, on a busy machine more."""
_WAY = ("prepare", "@")


def prepare_some(count: int, seed: int) -> list[Verdict]:
    """So many inputs that the checks accept, of all kinds of models alike."""
    kinds = [
        kind for kind in KINDS if ("assess", "@") in kind.ways and kind.name != "no files in their places"
    ]
    found: list[Verdict] = []
    number = 0
    while len(found) < count and number < 50 * count:
        verdict = _prepare(kinds[number % len(kinds)], number, seed)
        found += [verdict] if verdict else []
        number += 1
    return found


def _prepare(kind: Kind, number: int, seed: int) -> Verdict | None:
    """None where it is refused before the reference would start."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        root = Path(name)
        (root / "place" / "outside").mkdir(parents=True)
        (root / "home").mkdir()
        (root / "home" / "toolchains").symlink_to(Home.from_environment().toolchains)
        damaged = kind.write(root / "place", Random(f"{seed} prepared {kind.name} {number}"))
        if child.answer(lambda: _located(damaged), root).status != 0:
            return None
        started = time.monotonic()
        told = child.answer(lambda: _prepared(root, damaged), root, limit_s=_LIMIT_S)
        return Verdict(
            kind=f"prepared: {kind.name}",
            number=number,
            way=_WAY,
            status=told.status,
            seconds=time.monotonic() - started,
            grown=told.grown,
            size=sum(file.stat().st_size for file in (root / "place").rglob("*") if file.is_file()),
            fault=told.fault,
            said=told.said,
        )


def _located(damaged: Path) -> int:
    try:
        locate(str(damaged), offline=True, trust=Trust())
    except EdgewrightError as error:
        return error.exit_code
    return 0


def _prepared(root: Path, damaged: Path) -> int:
    os.environ["EDGEWRIGHT_HOME"] = str(root / "home")
    environment, trust = Environment(offline=True), Trust()
    try:
        context = environment.context(root / "out" / "logs")
        source_of(context, locate(str(damaged), offline=True, trust=trust), trust)
    except EdgewrightError as error:
        print(f"edgewright: {error}", file=sys.stderr)
        return error.exit_code
    return 0
