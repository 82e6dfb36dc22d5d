"""Bad input and bad luck: one sentence, the right exit code, nothing lost."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.e2e


def one_sentence(done: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    said = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else ""
    assert done.returncode == status, done.stderr
    assert said.startswith("edgewright: ")
    for word in words:
        assert word in said
    assert "Traceback" not in done.stdout + done.stderr


def test_a_truncated_gguf_file(shell, lab, smollm2):
    whole = next((lab.home / "downloads" / "demo").glob("*.gguf"))
    cut = shell.folder / "cut.gguf"
    cut.write_bytes(whole.read_bytes()[:50_000_000])
    for command in ("assess", "optimize"):
        one_sentence(shell.run(command, str(cut)), 3, "cut.gguf is truncated", "Download it again")


def test_an_unknown_architecture(shell, tiny):
    strange = shell.folder / "strange"
    shutil.copytree(tiny.path, strange)
    config = json.loads((strange / "config.json").read_text())
    config.update(model_type="frobnicator", architectures=["FrobnicatorForCausalLM"])
    (strange / "config.json").write_text(json.dumps(config))
    one_sentence(shell.run("optimize", str(strange), "--out", "run"), 4, "frobnicator")


def test_an_output_directory_that_cannot_be_written(shell, tiny):
    (shell.folder / "file").write_text("in the way")
    done = shell.run("optimize", tiny.path, "--out", "file/run")
    one_sentence(done, 7, "cannot be made", "--out")


def test_a_read_only_output_directory(shell, tiny):
    """Read-only for everyone, root included: a mount of /proc's kind."""
    done = shell.run("optimize", tiny.path, "--out", "/proc/edgewright")
    one_sentence(done, 7, "/proc/edgewright cannot be", "--out")


def test_a_full_disk_is_named_and_with_space_the_same_command_goes_on(shell, tiny, lab):
    """The store lies on a small tmpfs in a mount namespace of its own."""
    small = shell.folder / "small"
    small.mkdir()
    link = f"ln -s {(lab.home / 'toolchains').resolve()} {small}/toolchains"
    command = " ".join(
        shell.command("optimize", tiny.path, "--frameworks", "llamacpp", "--tokens", "64", "--out", "run")
    )
    script = f"mount -t tmpfs -o size=8m tmpfs {small} && {link} && exec {command}"
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script],
        cwd=shell.folder,
        env={**shell.environment, "EDGEWRIGHT_HOME": str(small)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    one_sentence(done, 7, "space")
    few = ("--only", "llamacpp/f16", "--tokens", "64", "--max-ttft-ms", "0.001")
    again = shell.run("optimize", tiny.path, *few, "--out", "run")
    assert again.returncode == 10, again.stderr


def test_no_network_and_nothing_cached(shell, tmp_path):
    empty = tmp_path / "hub"
    one_sentence(
        shell.run("optimize", "nobody/nothing", "--offline", HF_HUB_CACHE=str(empty)),
        6,
        "not in the local cache",
    )


def test_the_hub_without_a_network(shell, tmp_path):
    nowhere = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_CACHE": str(tmp_path / "hub")}
    one_sentence(shell.run("assess", "nobody/nothing", **nowhere), 6, "nobody/nothing")


def test_without_the_reference_and_offline_nothing_starts(shell, tiny, tmp_path):
    done = shell.run(
        "optimize", tiny.path, "--offline", "--out", "run", EDGEWRIGHT_HOME=str(tmp_path / "empty")
    )
    one_sentence(done, 6, "--offline forbids installing")


def test_a_hub_model_from_the_cache_works_offline(shell, tiny, tmp_path):
    """The layout that huggingface_hub keeps: a snapshot of files under a commit's name, and a ref that names it."""
    cache = tmp_path / "hub"
    snapshot = cache / "models--someone--tiny" / "snapshots" / "abc"
    snapshot.parent.mkdir(parents=True)
    shutil.copytree(tiny.path, snapshot)
    refs = cache / "models--someone--tiny" / "refs"
    refs.mkdir()
    (refs / "main").write_text("abc")
    done = shell.run("assess", "someone/tiny", "--offline", "--json", HF_HUB_CACHE=str(cache))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["facts"]["layers"] == 2


def test_an_interrupt_says_how_to_go_on(shell, tiny):
    import signal
    import time

    process = subprocess.Popen(
        shell.command("optimize", tiny.path, "--frameworks", "llamacpp", "--out", "run"),
        cwd=shell.folder,
        env=shell.environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        # A shell's background jobs ignore interrupts, and their children inherit that; a person's command does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while not (shell.folder / "run" / "journal.jsonl").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    try:
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    # A shell makes 130 of both; Python ends by the signal itself if it came while text was evaluated as code.
    assert process.returncode in {130, -signal.SIGINT}
    assert "Run the same command to continue" in said
