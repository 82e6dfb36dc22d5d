"""The demo, shortened: all four frameworks on the real model, and a recommendation."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.alone]


def test_the_demo_builds_in_all_four_frameworks_and_recommends_one(demo, shared_shell):
    run = demo.run
    assert run["baseline"]["values"]["decode_tok_s"]["unit"] == "token/s"
    for name in ("run.json", "report.html", "journal.jsonl"):
        assert (demo.folder / name).stat().st_size > 0
    crosses = {c["framework"]: c for c in run["cross_validation"]}
    assert set(crosses) == {"openvino", "onnx", "mlx", "llamacpp"}
    assert all(c["equal"] for c in crosses.values()), crosses
    measured = [t for t in run["trials"] if t["status"] in {"measured", "refuted"}]
    confirmed = [t for t in measured if t["confirmed"]]
    assert confirmed
    assert all(t["explored"] for t in confirmed)
    assert run["host"]["blocks"] >= 4 * (len(confirmed[:2]) + 1)
    assert {t["recipe"]["framework"] for t in measured} == {"openvino", "onnx", "llamacpp"}
    assert len(measured) >= 7
    untimed = [t for t in run["trials"] if t["status"] == "untimed"]
    assert {t["recipe"]["name"] for t in untimed} == {"fp16", "int4_g64"}, (
        "of MLX, whose speed here says nothing"
    )
    assert all(
        "system=Darwin" in t["reason"]["values"]["needs"] and t["values"]["kl_divergence"]["value"]
        for t in untimed
    )
    chosen = run["choice"]["chosen"]
    assert chosen in {
        f"{t['recipe']['framework']}/{t['recipe']['name']}" for t in measured if t["outcome"] == "pass"
    }
    assert run["exported"] == chosen
    assert (demo.folder / "best").exists()
    assert f"Recommended: {chosen}" in demo.done.stdout
    stages = [step["stage"] for step in run["progressive"]]
    assert stages == ["baseline", "converted", "quantized", "accelerated", "validated"]
    answer = shared_shell.run("generate", "demo/best", "The capital of France is", "--max-tokens", "8")
    assert "Paris" in answer.stdout, answer.stderr
    profile = shared_shell.run("profile", "demo", "--short-blocks")
    assert profile.returncode == 0, profile.stderr
    assert "decode is" in profile.stdout
    page = (demo.folder / "report.html").read_text()
    assert "llamacpp/q4_k_m" in page
    assert f"Profile of {chosen}" in page
    assert shared_shell.run("pick", "demo", "--max-memory", "1MB").returncode == 10
