"""Environments: each works, none is ever half-made, and what cannot be had is said in one sentence."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import Queue

import psutil
import pytest

from edgewright.core.device.lock import read_lock
from edgewright.core.device.toolchain import ToolchainState, unavailable
from edgewright.core.jobs.results import Progress
from edgewright.errors import IntegrityError, ToolchainError
from edgewright.sites.local.behind import CURRENT, Behind
from edgewright.sites.local.home import Home
from edgewright.sites.local.toolchains import LocalToolchains
from edgewright.sites.local.venv import python_of, run_command
from tests.conftest import fresh_home

pytestmark = pytest.mark.integration

COMMAND = [sys.executable, "-m", "edgewright.cli", "toolchain"]


def environment(home: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "EDGEWRIGHT_HOME": str(home), **more}


@pytest.mark.parametrize("name", ["torch", "openvino", "onnx", "mlx", "llamacpp"])
def test_every_toolchain_passes_its_smoke_job(lab, toolchains, name):
    for half in lab.context.specs[name].halves:
        state = lab.context.toolchains.verify(half, lambda _: None)
        assert state.ready, state.reason
        assert state.versions


def has(state: ToolchainState, package: str) -> bool:
    """Whether an environment's Python finds a package."""
    program = f"import importlib.util as u; print(u.find_spec({package!r}) is not None)"
    python = python_of(Path(state.path))
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip() == "True"


def test_no_run_half_but_the_references_has_pytorch(toolchains):
    found = {name for name, state in toolchains.items() if has(state, "torch")}
    assert found == {"torch"}


def test_a_build_half_sees_its_run_halfs_packages_and_installs_none_of_them_again(lab, toolchains):
    for name, spec in lab.context.specs.items():
        if spec.makes is None:
            continue
        build = lab.context.toolchains.state(spec.makes)
        assert has(build, "torch"), name
        assert has(build, "pydantic"), name
        own, below = (
            {path.name for path in (Path(state.path) / "venv").glob("lib/python*/site-packages/*.dist-info")}
            for state in (build, toolchains[name])
        )
        shared = {path.partition("-")[0] for path in own} & {path.partition("-")[0] for path in below}
        assert shared <= {"setuptools"}, (
            name
        )  # that of the Python that made the run half is too old for PyTorch


def test_what_compiles_is_gone_once_it_has(toolchains):
    assert not has(toolchains["llamacpp"], "cmake")
    assert not has(toolchains["llamacpp"], "scikit_build_core")


def test_no_toolchain_sees_the_parents_packages(lab, toolchains):
    for name, state in toolchains.items():
        python = python_of(Path(state.path))
        found = subprocess.run(
            [
                python,
                "-c",
                "import importlib.util as u; print(u.find_spec('click_does_not_matter'), u.find_spec('edgewright'))",
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        assert found.stdout.split() == ["None", "None"], name


def wait_until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 300
    while not true():
        assert time.monotonic() < deadline, f"{what} never came"
        time.sleep(0.01)


def family(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def runs(pid: int, *words: str) -> bool:
    """Whether a descendant, other than a leash, has all these words in its command line."""
    for child in family(pid):
        try:
            command = child.cmdline()
        except psutil.Error:
            continue
        if not any("die_with_parent.py" in part for part in command) and set(words) <= set(command):
            return True
    return False


@pytest.mark.parametrize("words", [("-m", "venv"), ("-m", "pip", "install")])
def test_a_killed_install_leaves_no_process_and_nothing_half_made(tmp_path, words):
    """Only the parent is killed, as the system does it when memory runs out; what it started goes with it."""
    home = fresh_home(tmp_path / "home")
    process = subprocess.Popen([*COMMAND, "install", "mlx"], env=environment(home), stderr=subprocess.DEVNULL)
    wait_until(lambda: runs(process.pid, *words), " ".join(words))
    children = family(process.pid)
    assert len(children) >= 2  # the leash and what it holds
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive
    folder = home / "toolchains"
    assert not [path for path in folder.iterdir() if not path.name.startswith(".")]
    assert len(list(folder.glob(".mlx.*.draft"))) == 1  # the next installer removes it: see below


def test_after_a_kill_two_installers_at_once_finish_the_work(tmp_path):
    """One installs, the other waits and finds it done; what killed ones left is swept."""
    home = fresh_home(tmp_path / "home")
    for left in (".mlx.draft", ".mlx.1-00.draft"):
        (home / "toolchains" / left / "venv").mkdir(parents=True)
    both = [
        subprocess.Popen(
            [*COMMAND, "install", "mlx", "--json"], env=environment(home), stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    answers = [json.loads(process.communicate(timeout=900)[0])[0] for process in both]
    assert all(answer["ready"] for answer in answers)
    assert answers[0]["path"] == answers[1]["path"]
    assert {path.name for path in (home / "toolchains").iterdir()} == {
        ".mlx.lock",
        Path(answers[0]["path"]).name,
    }


PARENT = """
import sys
from edgewright.sites.local.venv import run_command
run_command([sys.executable, "-c", sys.argv[1]], print, what="test")
"""
GRANDCHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("started", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_command_and_its_children_die_with_whoever_started_it(how):
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", PARENT, GRANDCHILD],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # A shell starts background jobs with interrupts ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout
    assert process.stdout.readline() == "started\n"
    children = family(process.pid)
    assert len(children) == 3
    os.kill(process.pid, how)
    process.wait(timeout=20)
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive


def test_a_silent_command_is_said_to_be_at_work(tmp_path):
    """The command ends once its silence was told, and not before."""
    told = []

    def tell(progress: Progress) -> None:
        told.append(progress.message)
        (tmp_path / "told").touch()

    waiting = "import pathlib, sys, time\nwhile not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.01)"
    command = [sys.executable, "-c", waiting, str(tmp_path / "told")]
    run_command(command, told.append, what="pip install", tell=tell, silence_s=0.05)
    assert told[0].startswith("pip install: still working")


def test_a_failed_commands_last_word_is_the_reason():
    failing = [sys.executable, "-c", "print('error: no such thing'); raise SystemExit(3)"]
    with pytest.raises(ToolchainError, match="trying failed with status 3: error: no such thing"):
        run_command(failing, lambda _: None, what="trying")


def test_a_package_with_another_hash_ends_the_install_and_leaves_nothing(tmp_path, lab):
    """The sentence names the package, the state keeps the kind, and so does the exit status behind it."""
    home = Home(root=fresh_home(tmp_path / "home"))
    spec = lab.context.specs["mlx"]
    pin = next(pin for pin in read_lock(spec.lock) if pin.name == "idna")
    lock = f"idna=={pin.version} \\\n    --hash=sha256:{'0' * 64}\n"
    state = LocalToolchains(home).ensure(replace(spec, lock=lock, digest="f" * 64), lambda _: None)
    error = unavailable(state)
    assert (type(error), error.exit_code) == (IntegrityError, 9)
    assert f"idna {pin.version}" in error.message
    assert error.hint
    assert [path.name for path in home.toolchains.iterdir()] == [".mlx.lock"]


def test_offline_nothing_is_installed(tmp_path):
    home = fresh_home(tmp_path / "home")
    done = subprocess.run(
        [*COMMAND, "install", "mlx", "--offline"],
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 6
    assert "--offline forbids installing" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_network_one_sentence_says_so(tmp_path):
    nowhere = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_FIND_LINKS": "",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_RETRIES": "0",
    }
    home = fresh_home(tmp_path / "home")
    done = subprocess.run(
        [*COMMAND, "install", "mlx"],
        env=environment(home, **nowhere),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 6
    assert "package index cannot be reached" in done.stderr.splitlines()[-1]
    assert not list((home / "toolchains").glob("mlx-*"))


def test_without_a_compiler_the_reason_is_clear(tmp_path, lab, toolchains):
    from edgewright.sites.local import native

    spec = lab.context.specs["llamacpp"]
    path = os.environ["PATH"]
    os.environ["PATH"] = str(tmp_path)
    try:
        with pytest.raises(ToolchainError, match=r"No C\+\+ compiler.*apt-get install g\+\+"):
            native.compile_tools(spec, spec.native, tmp_path, tmp_path, lambda _: None)
    finally:
        os.environ["PATH"] = path


def test_tools_that_a_user_has_are_tried_and_the_smoke_job_decides(lab, toolchains, monkeypatch):
    from edgewright.sites.local.llama_tools import usable_tools

    own = Path(toolchains["llamacpp"].environment["EDGEWRIGHT_LLAMA_CPP_BIN"])
    monkeypatch.setenv("LLAMA_CPP_HOME", str(own))
    assert usable_tools(os.environ)[0] == (own, own)


def test_an_install_behind_a_run_rests_while_something_is_measured_and_goes_on_after():
    behind, told = Behind(), Queue()

    def work():
        CURRENT.set(behind)
        with suppress(ToolchainError):
            run_command([sys.executable, "-c", _BUSY], told.put, what="compiling")

    thread = threading.Thread(target=work)
    thread.start()
    try:
        compiler = psutil.Process(int(told.get(timeout=60)))
        with behind.resting():
            assert becomes(lambda: compiler.status() == psutil.STATUS_STOPPED)
        assert becomes(lambda: compiler.status() != psutil.STATUS_STOPPED)
        assert not hasattr(os, "getpriority") or compiler.nice() == 19
    finally:
        behind.end()
        thread.join(60)
    assert becomes(lambda: not compiler.is_running() or compiler.status() == psutil.STATUS_ZOMBIE)


def test_what_rests_dies_with_the_process_that_started_it(tmp_path):
    program = f"""
import threading, time
from edgewright.sites.local.behind import CURRENT, Behind
from edgewright.sites.local.venv import run_command
behind = Behind()
def work():
    CURRENT.set(behind)
    run_command([{sys.executable!r}, "-c", {_BUSY!r}], told, what="compiling")
def told(line):
    with behind.resting():
        print(line, flush=True)
        time.sleep(600)
threading.Thread(target=work).start()
"""
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    compiler = psutil.Process(int(parent.stdout.readline()))
    assert becomes(lambda: compiler.status() == psutil.STATUS_STOPPED)
    parent.kill()
    parent.wait()
    assert becomes(lambda: not compiler.is_running() or compiler.status() == psutil.STATUS_ZOMBIE)


def becomes(true: Callable[[], bool], within_s: float = 20.0) -> bool:
    end = time.monotonic() + within_s
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    return true()


_BUSY = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
