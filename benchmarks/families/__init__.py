"""Every family that people ship, in every framework: works, is refused, or is wrong in a converter of others.

``make bench NAME=families``; ``python -m benchmarks families --rows gemma3,phi3`` looks at these only. Rows that are finished are
kept in benchmarks/out/families and not run again while nothing that they depend on changes. Nothing is timed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from benchmarks.checks import OUT, Check, finish
from benchmarks.families.cells import Cell, Outcome, RowResult
from benchmarks.families.page import PAGE, page
from benchmarks.families.rows import Row, make_models, read_rows
from benchmarks.families.running import INTAKE, OWN_FILE, Runner
from edgewright.app.demo import demo_source
from edgewright.codec import dump, load
from edgewright.core.keys import digest
from edgewright.core.model.facts import SourceKind
from edgewright.environment import Environment
from edgewright.ports import Backend, Context
from edgewright.sites.local.home import Home

_KEPT = OUT / "families"
_AT_ONCE = 2
_SHARED = ("toolchains", "downloads")


def main(arguments: Sequence[str]) -> int:
    """All rows, or those that are named."""
    started = time.time()
    rows = read_rows()
    parser = argparse.ArgumentParser(prog="make bench NAME=families")
    parser.add_argument("--rows", help="these only, with commas between them (default: all)")
    asked = parser.parse_args(list(arguments)).rows
    wanted = asked.split(",") if asked else list(rows)
    if unknown := [name for name in wanted if name not in rows]:
        print(f"There is no row {unknown[0]}; there are {', '.join(rows)}.")
        return 2
    context = Environment().context("families")
    versions = _ready(context)
    keys = {name: _keys(context, rows[name]) for name in rows}
    known = {name: _kept(name, keys[name]) for name in rows}
    missing = [name for name in wanted if len(known[name].cells) < len(keys[name])]
    if missing:
        known |= _run(context, missing, known, keys)
    whole = {name: one for name, one in known.items() if len(one.cells) == len(keys[name])}
    PAGE.write_text(page(rows, whole, versions), encoding="utf-8")
    checks = [check for name in wanted for check in _checks(whole[name])]
    return finish("families", checks, started, versions=versions)


def _ready(context: Context) -> dict[str, dict[str, str]]:
    """Installs what is missing; the tools' versions by framework."""
    found = {}
    for name, spec in context.specs.items():
        state = context.toolchains.ensure(spec.builder, context.reporter.tell)
        if not state.ready:
            raise RuntimeError(f"{name}: {state.reason}")
        found[name] = dict(state.versions)
    return found


def _keys(context: Context, row: Row) -> dict[str, str]:
    """What each cell of a row depends on, by column."""
    torch = [row.digest, _made_by(context.reference, row)]
    frameworks = {name: digest([*torch, _made_by(one, row)]) for name, one in context.backends.items()}
    running = [_made_by(one, row) for one in context.backends.values() if SourceKind.GGUF in one.runs]
    return {INTAKE: digest(torch), **frameworks, OWN_FILE: digest([*torch, *running])}


def _made_by(backend: Backend, row: Row) -> str:
    """The toolchain, the worker's code, and what the framework's table of architectures says of the row."""
    spec = find_spec(backend.worker)
    worker = Path(str(spec.origin)).parent if spec else Path()
    code = [file.read_text(encoding="utf-8") for file in sorted(worker.rglob("*.py"))]
    tables = [file.read_text(encoding="utf-8") for file in sorted(worker.parent.glob("*_types.toml"))]
    tables += [file.read_text(encoding="utf-8") for file in sorted(worker.parent.glob("architectures.toml"))]
    lines = [line for table in tables for line in table.splitlines() if row.model_type in line]
    return digest([backend.toolchain.builder.digest, code, lines])


def _kept(name: str, keys: Mapping[str, str]) -> RowResult:
    """The cells of a row that are known already. What failed is tried again."""
    file = _KEPT / f"{name}.json"
    cells = load(RowResult, file.read_bytes()).cells if file.exists() else {}
    current = {
        column: cell
        for column, cell in cells.items()
        if cell.key == keys.get(column) and cell.outcome is not Outcome.FAILED
    }
    return RowResult(row=name, cells=current)


def _run(
    context: Context,
    names: Sequence[str],
    known: Mapping[str, RowResult],
    keys: Mapping[str, Mapping[str, str]],
) -> dict[str, RowResult]:
    """What is missing of the rows, two beside each other, in a cache home that is thrown away; each is kept as it ends."""
    _KEPT.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="families-"))
    python = Path(context.toolchains.state(context.reference.toolchain).path) / "venv" / "bin" / "python"
    tokenizer = demo_source(replace(context, logs=scratch / "logs")).path
    try:
        # Nothing is timed, so nothing waits for whoever measures on this machine: the lock lies in the temporary folder.
        os.environ["TMPDIR"] = tempfile.tempdir = str(scratch)
        os.environ["EDGEWRIGHT_HOME"] = str(_home(scratch / "home"))
        print(f"making {len(names)} models", flush=True)
        make_models(python, scratch / "models", tokenizer, names)
        context = replace(Environment().context(scratch / "logs"), measures=False)
        runner = Runner(context)

        def one(name: str) -> RowResult:
            wanted = set(keys[name]) - set(known[name].cells)
            made = runner.row(name, scratch / "models" / name, wanted)
            new = {column: replace(cell, key=keys[name][column]) for column, cell in made.cells.items()}
            cells = {column: {**known[name].cells, **new}[column] for column in keys[name]}
            result = RowResult(row=name, cells=cells)
            (_KEPT / f"{name}.json").write_bytes(dump(result, indent=1))
            print(_line(result), flush=True)
            return result

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return {result.row: result for result in pool.map(one, names)}
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _home(root: Path) -> Path:
    """A cache home of its own, with the toolchains of the real one."""
    real = Home.from_environment().root
    root.mkdir(parents=True)
    for name in _SHARED:
        (real / name).mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(real / name)
    return root


def _line(result: RowResult) -> str:
    figures = {name: "" if cell.kl is None else f" {cell.kl:.1e}" for name, cell in result.cells.items()}
    told = [f"{name} {cell.outcome}{figures[name]}" for name, cell in result.cells.items()]
    return f"{result.row}: {', '.join(told)}"


def _checks(result: RowResult) -> list[Check]:
    there = {name: cell for name, cell in result.cells.items() if cell.outcome is not Outcome.ABSENT}
    return [_check(f"{result.row}: {name}", cell) for name, cell in there.items()]


def _check(name: str, cell: Cell) -> Check:
    return Check(
        name=name,
        value=cell.kl,
        unit="nat/token",
        bound="works, or says why not",
        ok=cell.outcome is not Outcome.FAILED
        and not (cell.outcome is Outcome.WORKS and cell.quantized_reason),
        note=f"{cell.outcome} {cell.sentence}".strip(),
    )
