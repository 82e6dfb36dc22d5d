"""Sessions in every framework: windows longer than a piece, several prompts at once, runtime options, profiles.

The artifacts are what any tool could have made: neither our manifest nor a file that only our builds have lies there.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgewright
from edgewright.app.steps.build import build
from edgewright.sites.local.children import child_environment
from edgewright.sites.local.venv import python_of

pytestmark = pytest.mark.integration

FRAMEWORKS = ("torch", "llamacpp", "onnx", "openvino", "mlx")
WINDOW = 700
"""More than the 512 rows of a piece."""
TOKENS = 6
PROMPT = 24
OURS = {"edgewright.json", "precisions.json"}
NAMES = {"model.gguf": "some-model-F16.gguf"}

DIFFERENCE = {"torch": 1e-4, "onnx": 1e-4, "openvino": 0.01, "mlx": 0.01, "llamacpp": 0.03}
"""Between logits, whose range is about 3: exact where weights are float32. Without its context a row is off by over 1."""

OPTIONS = {
    "llamacpp": {
        "plain": {},
        "read": {"mmap": False, "batch": 16, "micro_batch": 8},
        "small cache": {"kv_cache": "q8_0", "flash_attention": True},
    },
    "openvino": {
        "plain": {},
        "streams": {"streams": 2, "performance_hint": "THROUGHPUT"},
        "streams without threads": {"streams": 2, "threads": 1},
        "npu": {"device": "HETERO:NPU,CPU"},
    },
    "onnx": {
        "plain": {},
        "resting": {"spinning": False, "threads": 1, "graph_level": "extended"},
        "gpu": {"provider": "webgpu"},
    },
}


@dataclass
class Probe:
    """What a session did, and the logits it gave."""

    answer: dict[str, Any]
    logits: np.ndarray


@pytest.fixture(scope="module")
def ids():
    return np.random.default_rng(0).integers(10, 40_000, WINDOW).tolist()


@pytest.fixture(scope="module")
def prompts(ids):
    """Three that end in the same token: only what stands before it tells their continuations apart."""
    return [[*ids[start : start + PROMPT - 1], ids[-1]] for start in (0, 100, 200)]


@pytest.fixture(scope="module")
def run(toolchains, ids, prompts):
    def run(framework, worker, artifact, runtime, out):
        out.mkdir(parents=True)
        request = {
            "package": str(Path(edgewright.__file__).parent),
            "worker": worker,
            "artifact": str(artifact),
            "runtime": runtime,
            "out": str(out),
            "ids": ids,
            "prompts": prompts,
            "tokens": TOKENS,
            "options": OPTIONS.get(framework, {}),
        }
        done = subprocess.run(
            [python_of(Path(toolchains[framework].path)), "-P", Path(__file__).with_name("probe_session.py")],
            input=json.dumps(request),
            env=child_environment(toolchains[framework].environment),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]

    return run


@pytest.fixture(scope="module")
def reference(run, tiny, tmp_path_factory):
    """The whole window in one plain pass through Transformers."""
    out = tmp_path_factory.mktemp("reference") / "out"
    run("torch", None, Path(tiny.path), {}, out)
    return np.load(out / "logits.npy")


@pytest.fixture(scope="module")
def probe(lab, tiny, run, tmp_path_factory):
    """A framework's unquantized build of the tiny model in a session; each is made once."""
    made = {}

    def artifact_of(framework):
        if framework == "torch":
            return Path(tiny.path), {}
        recipe = lab.environment.backends[framework].recipes(tiny.facts)[0]
        answer = build(lab.context, tiny, recipe, None, lab.context.logs / f"{framework}-tiny.log")
        assert not hasattr(answer, "failure"), answer
        foreign = tmp_path_factory.mktemp("foreign")
        for file in Path(answer.path).iterdir():
            if file.name not in OURS:
                os.link(file, foreign / NAMES.get(file.name, file.name))
        return foreign, dict(recipe.runtime)

    def get(framework):
        if framework not in made:
            backend = lab.context.backend(framework)
            out = tmp_path_factory.mktemp(framework) / "out"
            run(framework, backend.worker, *artifact_of(framework), out)
            answer = json.loads((out / "answer.json").read_text())
            made[framework] = Probe(answer, np.load(out / "logits.npy"))
        return made[framework]

    return get


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_pieces_of_a_long_window_are_the_window(probe, reference, framework):
    probed = probe(framework)
    assert probed.answer["rows"] == [512, WINDOW - 512]
    assert probed.logits.dtype == np.float32
    difference = np.abs(probed.logits - reference).max()
    print(f"{framework}: {difference:.1e}")
    assert difference < DIFFERENCE[framework]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_batch_gives_every_prompt_what_it_gets_alone(probe, prompts, framework):
    answer = probe(framework).answer
    assert len({row[0] for row in answer["alone"]}) == len(prompts)
    assert [len(row) for row in answer["alone"]] == [TOKENS] * len(prompts)
    assert answer["batch"] == answer["alone"]


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("name", ["prefill", "decode"])
def test_a_profile_says_which_operators_take_the_time(probe, framework, name):
    phase = probe(framework).answer["profile"][name]
    times = [operator["ms"] for operator in phase["operators"]]
    print(f"{framework} {name}: {phase['wall_ms']:.1f} ms, {phase['operators'][:3]}")
    assert phase["tokens"] == {"prefill": PROMPT, "decode": TOKENS - 1}[name]
    assert times == sorted(times, reverse=True)
    assert all(operator["calls"] > 0 for operator in phase["operators"])
    # The two clocks are different ones, and so are their resolutions.
    assert 0 < phase["matrix_ms"] <= sum(times) <= 1.05 * phase["wall_ms"]


@pytest.mark.parametrize(
    ("framework", "matrix"),
    [
        ("torch", "aten::mm"),
        ("llamacpp", "MUL_MAT"),
        ("onnx", "MatMul"),
        ("openvino", "FullyConnected"),
        ("mlx", "Linear"),
    ],
)
def test_matrix_products_are_counted_one_by_one(probe, framework, matrix):
    """A layer of this model has seven, on all but the fewest paths; ONNX joins three of them into one."""
    calls = {
        name: {o["operator"]: o["calls"] for o in probe(framework).answer["profile"][name]["operators"]}
        for name in ("prefill", "decode")
    }
    assert calls["prefill"][matrix] >= 10
    assert calls["decode"][matrix] >= 10 * (TOKENS - 1)


@pytest.mark.parametrize(
    ("framework", "weights"),
    [
        ("torch", "float32"),
        ("llamacpp", "F16"),
        ("onnx", "float32 (11 matrices)"),
        ("openvino", "f16"),
        ("mlx", "float16"),
    ],
)
def test_a_session_knows_its_precision_without_our_files(probe, framework, weights):
    placement = probe(framework).answer["placement"]
    assert weights in placement["weights"]
    assert placement["proof"]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_an_unknown_option_is_refused(probe, framework):
    assert probe(framework).answer["options"]["unknown"]["refused"].startswith("UsageError: ")


def test_openvino_names_a_device_that_is_not_there(probe):
    answer = probe("openvino").answer
    if any(device.startswith("NPU") for device in answer["devices"]):
        pytest.skip("this machine has an NPU")
    assert answer["options"]["npu"]["refused"].startswith(
        "UnsupportedError: OpenVINO finds no NPU on this machine."
    )


def test_onnx_runtime_says_the_same_on_a_gpu_or_that_there_is_none(probe):
    answer = probe("onnx").answer
    there = answer["options"]["gpu"]
    if there["refused"]:
        assert there["refused"].startswith("UnsupportedError: ONNX Runtime finds no GPU for WebGPU; ")
        return
    assert there["device"] == "WebGPU"
    assert there["ids"] == answer["alone"][0]
    assert there["proof"]["cpu_fallback"]


def test_llama_cpps_options_change_what_runs(probe):
    tried = probe("llamacpp").answer["options"]
    told = {name: " ".join(tried[name]["proof"].values()) for name in ("plain", "read", "small cache")}
    assert "CPU_Mapped model buffer" in told["plain"]
    assert "CPU_Mapped model buffer" not in told["read"]
    assert tried["read"]["ids"] == tried["plain"]["ids"]
    assert tried["plain"]["kv_cache"] == "float16"
    assert "q8_0" in tried["small cache"]["kv_cache"]
    assert told["small cache"] != told["plain"]


def test_openvinos_streams_change_no_result_or_are_refused(probe):
    tried = probe("openvino").answer["options"]
    plain, streams = tried["plain"], tried["streams"]
    refused = "UnsupportedError: OpenVINO can create only 1 of the 2 requested streams: "
    assert tried["streams without threads"]["refused"].startswith(refused)
    assert plain["proof"]["NUM_STREAMS"] == "1"
    if streams["refused"]:  # its processors share one core
        assert streams["refused"].startswith(refused)
        return
    assert streams["proof"]["NUM_STREAMS"] == "2"
    assert streams["ids"] == plain["ids"]


def test_onnx_runtimes_options_change_no_result(probe):
    tried = probe("onnx").answer["options"]
    assert tried["resting"]["ids"] == tried["plain"]["ids"]
    assert tried["resting"]["threads"] == 1
