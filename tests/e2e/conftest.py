"""The command as its users run it, on real toolchains; a tiny model keeps it quick."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
