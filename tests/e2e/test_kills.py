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
    "--only",
    "llamacpp/q8_0,llamacpp/q6_k,llamacpp/q5_k_m",
    "--tokens",
    "128",
    "--window",
    "64",
    "--max-ttft-ms",
    "0.001",
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
    while text not in log.read_text(encoding="utf-8"):
        assert time.monotonic() < deadline, log.read_text()
        assert process.poll() is None, f"it ended before {text!r}: {log.read_text()}"
        time.sleep(0.005)


def workers_of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The run's child processes, once it has one: while others measure, it waits for its turn."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        children = psutil.Process(process.pid).children(recursive=True)
        if children:
            return children
        time.sleep(0.005)
    raise AssertionError("no worker was started")


def finished_rounds(folder: Path) -> list[str]:
    """The journal's lines of finished rounds."""
    journal = folder / "run" / "journal.jsonl"
    lines = journal.read_text(encoding="utf-8").splitlines() if journal.exists() else []
    return [line for line in lines if '"event": "round"' in line]


@pytest.fixture
def home_of_its_own(lab, tmp_path):
    """A home that shares toolchains, but starts with an empty store."""
    from tests.conftest import fresh_home

    real = Path(os.environ["EDGEWRIGHT_HOME"])
    home = fresh_home(tmp_path / "home")
    (home / "toolchains").symlink_to((real / "toolchains").resolve())
    return home


def test_killed_again_and_again_the_same_command_finishes(shell, tiny, home_of_its_own, request):
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
        ("parent", ", 2 of"),
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
        request.addfinalizer(process.kill)  # else a test that fails leaves it to disturb the others
        wait_for(moment, log, process)
        children = workers_of(process)
        if victim == "child":
            os.kill(children[0].pid, signal.SIGKILL)
            if moment.startswith("building"):  # the run goes on without that build: enough of it was seen
                wait_for(": failed: build:", log, process)
                process.kill()
            process.wait(timeout=600)
        else:
            process.kill()
            assert process.wait() == -signal.SIGKILL
            # The child must not outlive its parent.
            gone, alive = psutil.wait_procs(children, timeout=20)
            assert not alive, (gone, alive)
        now = finished(home_of_its_own)
        assert {name: now[name] for name in known} == known  # what was finished is untouched
        known = now
    done = shell.run("optimize", tiny.path, *ARGUMENTS, "--json")
    assert done.returncode in {0, 10, 11}, done.stderr
    # Every round was measured once, whatever was killed: no name comes twice.
    names = [json.dumps(json.loads(line)["of"]) for line in finished_rounds(shell.folder)]
    assert len(names) == len(set(names)), names
    after = finished(home_of_its_own)
    assert {name: after[name] for name in known} == known
    run = json.loads(done.stdout)
    statuses = {t["recipe"]["name"]: (t["status"], t["reason"]) for t in run["trials"]}
    assert statuses.pop("imatrix")[0] == "auxiliary"
    assert {status for status, _ in statuses.values()} == {"measured"}, statuses
    assert not [p for p in (home_of_its_own / "store").glob("*/.*") if p.is_dir()]
