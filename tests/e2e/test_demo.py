"""The demo, shortened: all four frameworks on the real model, and a recommendation."""

from __future__ import annotations

import json

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.alone]


SURE = (
    "--without-gate=speedup",
    "--without-gate=memory_cut",
    "--without-gate=latency_variation",
    "--without-gate=block_variation",
    "--without-gate=latency_drift",
    "--min-accuracy=0.8",
)
"""Gates that some build is sure to pass, whatever this machine does meanwhile."""


def test_the_demo_builds_in_all_four_frameworks_and_recommends_one(shell):
    done = shell.run("demo", "--quick", "--out", "demo", *SURE)
    print(done.stderr)
    print(done.stdout)
    assert done.returncode == 0, done.stderr
    run = json.loads((shell.folder / "demo" / "run.json").read_text())
    crosses = {c["framework"]: c for c in run["cross_validation"]}
    assert set(crosses) == {"openvino", "onnx", "mlx", "llamacpp"}
    assert all(c["equal"] for c in crosses.values()), crosses
    measured = [t for t in run["trials"] if t["status"] in {"measured", "refuted on held-out text"}]
    confirmed = [t for t in measured if t["confirmed"]]
    assert confirmed
    assert all(t["explored"] for t in confirmed)
    assert run["host"]["blocks"] >= 4 * (len(confirmed[:2]) + 1)
    assert {t["recipe"]["framework"] for t in measured} == {"openvino", "onnx", "mlx", "llamacpp"}
    assert len(measured) >= 8
    chosen = run["choice"]["chosen"]
    assert chosen in {
        f"{t['recipe']['framework']}/{t['recipe']['name']}" for t in measured if t["outcome"] == "pass"
    }
    assert run["exported"] == chosen
    assert f"Recommended: {chosen}" in done.stdout
    stages = [step["stage"] for step in run["progressive"]]
    assert stages == ["baseline", "converted", "quantized", "accelerated", "validated"]
    answer = shell.run("generate", "demo/best", "The capital of France is", "--max-tokens", "8")
    assert "Paris" in answer.stdout, answer.stderr
    profile = shell.run("profile", "demo", "--quick")
    assert profile.returncode == 0, profile.stderr
    assert "decode is" in profile.stdout
    page = (shell.folder / "demo" / "report.html").read_text()
    assert "llamacpp/q4_k_m" in page
    assert f"Profile of {chosen}" in page
    assert shell.run("pick", "demo", "--max-memory", "1MB").returncode == 10
