"""One damaged input through its commands, in a folder of its own that is looked through afterwards."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.fuzz import seeds
from benchmarks.fuzz.child import answer
from benchmarks.fuzz.inputs import KINDS
from edgewright.cli.main import run
from edgewright.errors import EdgewrightError
from edgewright.inputs import templates
from edgewright.inputs.tokenizer import SourceTokenizer

BASE_BYTES = templates.MEMORY_BYTES
TIMES = 64
"""Memory may grow by what a chat template is given, and by so many times the input's files."""
_SECRET = "what no command may read out or change"  # noqa: S105  # a file's content


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Which input: the kind by its place in `KINDS`, and the number that seeds it."""

    kind: int
    number: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of one command."""

    kind: str
    number: int
    way: tuple[str, ...]
    status: int | None
    seconds: float
    grown: int
    size: int
    fault: str
    said: str

    def told(self) -> dict[str, Any]:
        """For the record."""
        return {**asdict(self), "said": self.said[-500:]}


def examine(trial: Trial) -> list[Verdict]:
    """Every command of its kind on the input."""
    kind = KINDS[trial.kind]
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        root = Path(name)
        for folder in ("place/outside", "outside", "user", "cwd", "good"):
            (root / folder).mkdir(parents=True)
        for place in ("place/outside/secret", "outside/secret"):
            (root / place).write_text(_SECRET, encoding="ascii")
        damaged = kind.write(root / "place", Random(f"{trial.seed} {kind.name} {trial.number}"))
        seeds.model(root / "good" / "model")
        found = [_verdict(kind.name, trial.number, root, way, damaged) for way in kind.ways]
        shutil.rmtree(root / "out", ignore_errors=True)
        return found


def _verdict(kind: str, number: int, root: Path, way: tuple[str, ...], damaged: Path) -> Verdict:
    names = {
        "@": str(damaged),
        "OUT": str(root / "out"),
        "RUN": str(root / "place" / "run"),
        "MODEL": str(root / "good" / "model"),
    }
    arguments = [names.get(word, word) for word in way]
    before = _seen(root)
    size = sum(size for _, size, _ in before.values())
    told = answer(lambda: _inside(root, arguments), root)
    fault = told.fault
    if not fault and told.grown > BASE_BYTES + TIMES * size:
        fault = "memory"
    if not fault and (_seen(root) != before or _SECRET in told.said):
        fault = "written elsewhere"
    return Verdict(
        kind=kind,
        number=number,
        way=way,
        status=told.status,
        seconds=told.seconds,
        grown=told.grown,
        size=size,
        fault=fault,
        said=told.said,
    )


def _seen(root: Path) -> dict[str, tuple[str, int, int]]:
    """Everything but what a command may write: its run, its cache home, and what it prints."""
    found = {}
    for path in sorted(root.rglob("*")):
        where = path.relative_to(root).as_posix()
        if where.split("/", 1)[0] not in {"out", "home", "stdout", "stderr"}:
            seen = path.lstat()
            found[where] = (oct(seen.st_mode), seen.st_size, seen.st_mtime_ns)
    return found


def _inside(root: Path, arguments: list[str]) -> int:
    """A command line, in the child: nothing of the user's own is in reach."""
    os.chdir(root / "cwd")
    places = {"HOME": "user", "EDGEWRIGHT_HOME": "home", "HF_HOME": "home", "TMPDIR": "out"}
    os.environ.update({name: str(root / place) for name, place in places.items()})
    command, *rest = arguments
    return _use_tokenizer(Path(rest[0])) if command == "tokenizer" else run(arguments)


def _use_tokenizer(model: Path) -> int:
    """What every run asks of a source's tokenizer, ended as the command line ends."""
    steps: tuple[Callable[[SourceTokenizer], object], ...] = (
        lambda it: it.encode("a b", special=True),
        lambda it: it.chat("a"),
        lambda it: it.chat_lack("a"),
        lambda it: it.begin_ids(),
        lambda it: it.prefix_id(),
        lambda it: it.stop_ids(),
    )
    try:
        tokenizer = SourceTokenizer(model)
        for step in steps:
            step(tokenizer)
    except EdgewrightError as error:
        print(f"edgewright: {error}", file=sys.stderr)
        return error.exit_code
    return 0
