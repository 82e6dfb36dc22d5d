"""What people do with a finished run: the same again, show, pick, evaluate, benchmark, profile, generate, load."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.alone]


def test_a_run_with_nothing_left_to_do_answers_from_its_record(demo, shared_shell):
    """No process is started and no line is written: that is what makes it quick."""
    names = ("run.json", "journal.jsonl")
    before = [(demo.folder / name).read_bytes() for name in names]
    again = shared_shell.run(*demo.arguments, "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["choice"] == demo.run["choice"]
    assert [(demo.folder / name).read_bytes() for name in names] == before


def test_show_and_pick_decide_without_measuring(demo, shared_shell):
    assert "speedup" in shared_shell.run("show", "demo").stdout
    assert "blocks were disturbed" in shared_shell.run("show", "demo").stdout
    strict = shared_shell.run("pick", "demo", "--min-speedup", "1000")
    assert strict.returncode == 10
    assert "No build passed every gate" in strict.stdout
    assert "speedup" in strict.stdout


def test_evaluate_prints_what_it_promises(demo, shared_shell, smollm2):
    build = demo.artifact("llamacpp/f16")
    done = shared_shell.run(
        "evaluate", "text", build, "--baseline", smollm2.path, "--tokens", "128", "--window", "64", "--json"
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["tokens"] == 128
    assert answer["kl_divergence"] < 1e-3
    assert answer["top1_agreement"] > 0.9
    assert 0.0 <= answer["next_token_accuracy"] <= 1.0
    assert answer["perplexity"] > 1.0


def test_evaluate_runs_a_gguf_file_in_the_reference_and_in_llama_cpp(demo, shared_shell):
    gguf = next(Path(demo.artifact("llamacpp/f16")).glob("*.gguf"))
    common = ("--tokens", "64", "--window", "64", "--json")
    reference = json.loads(shared_shell.run("evaluate", "text", str(gguf), *common).stdout)
    own = json.loads(
        shared_shell.run("evaluate", "text", str(gguf), "--framework", "llama_cpp", *common).stdout
    )
    assert reference["runtime"] == "torch"
    assert own["runtime"] == "llamacpp"
    assert own["perplexity"] == pytest.approx(reference["perplexity"], rel=0.01)


SHAPE = """prompt_tokens = 16
decode_tokens = 16
concurrency = 2
"""


def test_benchmark_times_builds_side_by_side_and_other_tools_files_in_their_own_framework(demo, shared_shell):
    gguf = next(Path(demo.artifact("llamacpp/q8_0")).glob("*.gguf"))
    (shared_shell.folder / "two.toml").write_text(SHAPE)
    done = shared_shell.run(
        "benchmark",
        str(gguf),
        demo.artifact("openvino/int8"),
        *("--rounds", "2", "--short-blocks", "--workload", "two.toml", "--json"),
    )
    assert done.returncode == 0, done.stderr
    first, second = json.loads(done.stdout)["arms"]
    assert first["values"]["speedup"]["value"] == 1.0
    assert second["values"]["throughput_tok_s"]["value"] > second["values"]["decode_tok_s"]["value"]
    assert {first["runtime"], second["runtime"]} == {"llamacpp", "openvino"}
    assert first["blocks"]["0"]["requests"][0]["concurrency"] == 2


def test_an_ab_test_of_a_build_with_itself_finds_them_alike_in_perplexity(demo, shared_shell):
    build = demo.artifact("llamacpp/q8_0")
    done = shared_shell.run("ab", build, build, "--metric", "perplexity", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["verdict"]["answer"] == "A and B are alike"
    assert answer["looks"] == 1
    refused = shared_shell.run("ab", build, build, "--metric", "beauty")
    assert refused.returncode == 2
    assert "'beauty' is not one of" in refused.stderr


def test_a_profile_says_where_the_time_goes(demo, shared_shell):
    build = demo.artifact("llamacpp/q8_0")
    done = shared_shell.run("profile", build, "--short-blocks", "--json")
    assert done.returncode == 0, done.stderr
    profile = json.loads(done.stdout)
    assert profile["roofline"]["capability"]["read_gb_s"] > 0.1
    assert profile["scaling"][0]["threads"] == 1
    assert profile["operators"]["decode"]["matrix_ms"] > 0
    assert profile["decode"]["limit"] in {"memory-bound", "compute-bound", "overhead-bound", "undetermined"}


def test_the_api_loads_a_build_and_generates(lab, smollm2):
    import edgewright

    with edgewright.load(smollm2.path) as session:
        assert "Paris" in session.generate("The capital of France is", 8)
    run = edgewright.assess(smollm2.path, target="android")
    assert run.facts.parameters == 134_515_008
    assert not run.measured_here
    assert any("256" in note for r in run.frameworks for note in r.fit.quantization_notes)


def test_a_damaged_build_is_not_run(demo, shared_shell, tmp_path):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(demo.artifact("llamacpp/q8_0"), copy)
    file = next(copy.glob("*.gguf"))
    data = bytearray(file.read_bytes())
    data[-1] ^= 0xFF
    file.unlink()
    file.write_bytes(data)
    done = shared_shell.run("generate", str(copy), "hello")
    assert done.returncode == 9
    assert "differs from its recorded hash" in done.stderr
