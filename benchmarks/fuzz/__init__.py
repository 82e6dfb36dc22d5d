"""Damaged inputs by the thousand: does each end in one sentence, soon, in bounded memory, with nothing written elsewhere?

``python -m benchmarks fuzz [--seed N] [--share S] [--only KIND] [--prepare N]``. Each input goes through its commands in a
process of its own. ``optimize`` gets an empty cache home and no network, so that it ends where the first framework would
start: by then everything that needs no framework was checked. ``--prepare`` prepares some in the reference, too.

Bound of memory: the 256 MiB that a chat template's process is given, and 64 times the input's files. A JSON document of a byte a
value needs up to 30 bytes of Python objects a byte; twice that for a copy of it, as validation makes one.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from collections.abc import Sequence
from multiprocessing import get_context
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

import edgewright.api  # noqa: F401  # imported before processes are forked
from benchmarks.checks import at_least, at_most, finish
from benchmarks.fuzz import preparing, seeds
from benchmarks.fuzz.inputs import KINDS
from benchmarks.fuzz.trial import Trial, Verdict, examine

LEAST = 1000
_EVERY = 100
FAULTS = ("traceback", "hang", "crash", "no sentence", "endless sentence", "memory", "written elsewhere")


def main(arguments: Sequence[str]) -> int:
    """Damage, run, count."""
    parser = argparse.ArgumentParser(prog="make bench NAME=fuzz")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0, help="of the inputs of each kind")
    parser.add_argument("--only", default="", help="kinds whose names begin so")
    parser.add_argument("--prepare", type=int, default=0, help="prepare so many inputs in the reference, too")
    options = parser.parse_args(list(arguments))
    started = time.time()
    seeds.record()
    trials = [
        Trial(kind=number, number=n, seed=options.seed)
        for number, kind in enumerate(KINDS)
        if kind.name.startswith(options.only)
        for n in range(max(round(kind.count * options.share), 1))
    ]
    with get_context("fork").Pool(os.cpu_count() or 1) as pool:
        verdicts = []
        for done, found in enumerate(pool.imap_unordered(examine, trials), 1):
            verdicts += found
            if not done % _EVERY:
                print(f"{done} of {len(trials)} inputs, {time.time() - started:.0f} s", flush=True)
    if options.prepare:
        verdicts += preparing.prepare_some(options.prepare, options.seed)
    _show(verdicts)
    wrong = [v for v in verdicts if v.fault]
    for v in wrong[:40]:
        print(f"{v.fault}: {v.kind} {v.number}, {' '.join(v.way)}: {v.said[-300:]}")
    checks = [at_least("inputs", len(trials), LEAST, "inputs")]
    counts = Counter(v.fault for v in wrong)
    checks += [at_most(fault, counts[fault], 0, "commands") for fault in FAULTS]
    return finish(
        "fuzz", checks, started, seed=options.seed, table=_rows(verdicts), wrong=[v.told() for v in wrong]
    )


def _rows(verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    """One row a kind."""
    rows = []
    for kind in dict.fromkeys(v.kind for v in verdicts):
        of = [v for v in verdicts if v.kind == kind]
        statuses = Counter(v.status for v in of)
        faults = Counter(v.fault for v in of if v.fault)
        beyond = [max(v.grown - (16 << 20), 0) / max(v.size, 1) for v in of]
        rows.append(
            {
                "kind": kind,
                "inputs": len({v.number for v in of}),
                "commands": len(of),
                "answered": sum(statuses[status] for status in (0, 6, 10, 11)),
                "refused": {
                    str(status): statuses[status] for status in (2, 3, 4, 7, 8, 9, 12) if statuses[status]
                },
                "tracebacks": faults["traceback"] + faults["crash"],
                "no sentence": faults["no sentence"] + faults["endless sentence"],
                "hangs": faults["hang"],
                "elsewhere": faults["written elsewhere"],
                "slowest_s": round(max(v.seconds for v in of), 2),
                "most_memory_bytes": max(v.grown for v in of),
                "memory beyond 16 MiB, times the input": round(max(beyond), 1),
            }
        )
    return rows


def _show(verdicts: Sequence[Verdict]) -> None:
    table = Table(title=Text("damaged inputs, and how the commands ended"), title_justify="left")
    for title in (
        "kind",
        "inputs",
        "commands",
        "accepted",
        "refused, by exit status",
        "tracebacks",
        "no sentence",
        "hangs",
        "elsewhere",
        "slowest",
        "memory",
    ):
        table.add_column(title, justify="left" if title in {"kind", "refused, by exit status"} else "right")
    for row in sorted(_rows(verdicts), key=lambda row: str(row["kind"])):
        *counts, slowest, memory, _ = list(row.values())
        refused = ", ".join(f"{status}: {count}" for status, count in row["refused"].items()) or "-"
        cells = [refused if isinstance(cell, dict) else str(cell) for cell in counts]
        table.add_row(*(Text(cell) for cell in (*cells, f"{slowest} s", f"{memory >> 20} MiB")))
    Console(width=150).print(table)
