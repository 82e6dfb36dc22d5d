"""``kill -9`` at several points: the same command finishes, nothing finished is redone, no half artifact is used."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.e2e

ARGUMENTS = (
    "--frameworks",
    "llamacpp",
    "--tokens",
    "128",
    "--context",
    "64",
    "--min-accuracy",
    "0",
    "--out",
    "run",
)


def finished(home: Path) -> dict[str, float]:
    """Every finished thing in the store with the time it was made."""
    found = {}
    for kind in ("sources", "artifacts", "scores"):
        for path in (home / "store" / kind).glob("[!.]*"):
            found[f"{kind}/{path.name}"] = path.stat().st_mtime
    return found


def wait_for(text: str, log: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 300
    while text not in log.read_text(encoding="utf-8") and process.poll() is None:
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)


@pytest.fixture
def home_of_its_own(lab, tmp_path):
    """A home that shares toolchains, but starts with an empty store."""
    from tests.integration.conftest import fresh_home

    real = Path(os.environ["EDGEWRIGHT_HOME"])
    home = fresh_home(tmp_path / "home")
    (home / "toolchains").symlink_to((real / "toolchains").resolve())
    return home


def test_killed_again_and_again_the_same_command_finishes(shell, tiny, home_of_its_own):
    shell.environment["EDGEWRIGHT_HOME"] = str(home_of_its_own)
    shell.environment["PYTHONUNBUFFERED"] = "1"
    log = shell.folder / "log"
    known: dict[str, float] = {}
    for victim, moment in (
        ("parent", "preparing"),
        ("child", "scoring the original"),
        ("parent", "building llamacpp/q8_0"),
        ("child", "building llamacpp/q6_k"),
        ("parent", "scoring llamacpp/q5_k_m"),
        ("parent", "timing"),
    ):
        with log.open("wb") as stream:
            process = subprocess.Popen(
                shell.command("optimize", tiny.path, *ARGUMENTS),
                cwd=shell.folder,
                env=shell.environment,
                stderr=stream,
                stdout=subprocess.DEVNULL,
            )
        wait_for(moment, log, process)
        time.sleep(0.3)
        children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        if victim == "child":
            for child in children[:1]:
                os.kill(child.pid, signal.SIGKILL)
            process.wait(timeout=600)
        else:
            process.kill()
            process.wait()
            # The child must not outlive its parent.
            gone, alive = psutil.wait_procs(children, timeout=20)
            assert not alive, (gone, alive)
        now = finished(home_of_its_own)
        assert {name: now[name] for name in known} == known  # what was finished is untouched
        known = now
    done = shell.run("optimize", tiny.path, *ARGUMENTS, "--json")
    assert done.returncode in {0, 10}, done.stderr
    after = finished(home_of_its_own)
    assert {name: after[name] for name in known} == known
    run = json.loads(done.stdout)
    statuses = {t["recipe"]["name"]: (t["status"], t["reason"]) for t in run["trials"]}
    assert {status for status, _ in statuses.values()} == {"measured"}, statuses
    assert not list((home_of_its_own / "store").glob("*/.*.draft"))
