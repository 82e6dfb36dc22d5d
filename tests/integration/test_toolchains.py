"""Environments: each works, none is ever half-made, and what cannot be had is said in one sentence."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.integration.conftest import fresh_home

pytestmark = pytest.mark.integration
COMMAND = [sys.executable, "-m", "edgewright.cli", "toolchain"]


def environment(home: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "EDGEWRIGHT_HOME": str(home), **more}


@pytest.mark.parametrize("name", ["torch", "openvino", "onnx", "mlx", "llamacpp"])
def test_every_toolchain_passes_its_smoke_job(lab, toolchains, name):
    state = lab.wiring.toolchains.verify(lab.wiring.specs[name], lambda _: None)
    assert state.ready, state.reason
    assert state.versions


def test_no_toolchain_sees_the_parents_packages(lab, toolchains):
    for name, state in toolchains.items():
        python = Path(state.path) / "venv" / "bin" / "python"
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


def test_a_killed_install_leaves_nothing_half_made_and_the_next_one_finishes(tmp_path):
    home = fresh_home(tmp_path / "home")
    spec_dir = home / "toolchains"
    for wait_for in ("venv", "mlx"):
        process = subprocess.Popen(
            [*COMMAND, "install", "mlx"],
            env=environment(home),
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        marker = {
            "venv": spec_dir / ".mlx.draft" / "venv",
            "mlx": spec_dir / ".mlx.draft" / "requirements.lock",
        }[wait_for]
        deadline = time.monotonic() + 120
        while not marker.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert not [p for p in spec_dir.iterdir() if not p.name.startswith(".")]
    # Two installers at once: one installs, the other waits and finds it done.
    both = [
        subprocess.Popen(
            [*COMMAND, "install", "mlx", "--json"], env=environment(home), stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    answers = [json.loads(process.communicate(timeout=600)[0])[0] for process in both]
    assert all(answer["ready"] for answer in answers)
    assert answers[0]["path"] == answers[1]["path"]
    assert not (spec_dir / ".mlx.draft").exists()


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
    from edgewright.errors import ToolchainError
    from edgewright.runtime import native

    spec = lab.wiring.specs["llamacpp"]
    path = os.environ["PATH"]
    os.environ["PATH"] = str(tmp_path)
    try:
        with pytest.raises(ToolchainError, match=r"No C\+\+ compiler.*apt-get install g\+\+"):
            native.compile_tools(spec, spec.native, tmp_path, tmp_path, lambda _: None)
    finally:
        os.environ["PATH"] = path


def test_tools_that_a_user_has_are_tried_and_the_smoke_job_decides(lab, toolchains, monkeypatch):
    from edgewright.runtime.llama_tools import usable_tools

    own = Path(toolchains["llamacpp"].environment["EDGEWRIGHT_LLAMA_CPP_BIN"])
    monkeypatch.setenv("LLAMA_CPP_HOME", str(own))
    assert usable_tools(os.environ)[0] == (own, own)
