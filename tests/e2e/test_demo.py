"""The demo, shortened: all four frameworks on the real model, and a recommendation."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.e2e


def test_the_demo_builds_in_all_four_frameworks_and_recommends_one(shell):
    done = shell.run("demo", "--quick", "--out", "demo")
    print(done.stderr)
    print(done.stdout)
    assert done.returncode in {0, 10}, done.stderr
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
    assert len(measured) >= 18
    page = (shell.folder / "demo" / "report.html").read_text()
    assert "llamacpp/q4_k_m" in page
    passing = [t for t in measured if t["outcome"] == "pass"]
    if done.returncode == 0:
        assert run["choice"]["chosen"] in {
            f"{t['recipe']['framework']}/{t['recipe']['name']}" for t in passing
        }
        assert [s["stage"] for s in run["progressive"]] == [
            "baseline", "converted", "quantized", "accelerated", "validated"
        ]  # fmt: skip
        answer = shell.run("generate", "demo/best", "The capital of France is", "--max-tokens", "8")
        assert "Paris" in answer.stdout, answer.stderr
    else:
        assert run["choice"]["nearest_miss"]
