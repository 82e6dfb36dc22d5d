"""The command as its users run it, on real toolchains: a short demo whose run many tests look at; else a tiny model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


class Shell:
    """Runs ``edgewright`` in a directory of its own, with the lab's cache home."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "EDGEWRIGHT_HOME": str(home)}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "edgewright.cli", *arguments]

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )


@pytest.fixture
def shell(lab, toolchains, tmp_path) -> Shell:
    return Shell(lab.home, tmp_path)


@pytest.fixture(scope="session")
def shared_shell(lab, toolchains, tmp_path_factory) -> Shell:
    return Shell(lab.home, tmp_path_factory.mktemp("shell"))


UNGATED = (
    "--without-gate=speedup",
    "--without-gate=memory_cut",
    "--without-gate=latency_variation",
    "--without-gate=block_variation",
    "--without-gate=latency_drift",
)
"""No gate that asks anything of this machine."""


@dataclass(frozen=True)
class Demo:
    """A finished run of the short demo: how it was asked for, what it said, and the directory that it left."""

    arguments: tuple[str, ...]
    done: subprocess.CompletedProcess[str]
    folder: Path

    @property
    def run(self) -> dict[str, Any]:
        """Its record."""
        record: dict[str, Any] = json.loads((self.folder / "run.json").read_text())
        return record

    def artifact(self, identifier: str) -> str:
        """The directory of one of its builds."""
        trials = {f"{t['recipe']['framework']}/{t['recipe']['name']}": t for t in self.run["trials"]}
        return str(trials[identifier]["artifact"]["path"])


@pytest.fixture(scope="session")
def demo(shared_shell) -> Demo:
    """All four frameworks on the real model, once for all tests; some build is sure to pass, whatever the machine does."""
    arguments = ("demo", "--quick", "--out", "demo", "--min-accuracy=0.8", *UNGATED)
    done = shared_shell.run(*arguments)
    assert done.returncode == 0, done.stderr
    return Demo(arguments, done, shared_shell.folder / "demo")
