"""The builds that are compared: edgewright's, and each framework's own default, made by its own command."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.checks import OUT
from benchmarks.lab import Lab
from edgewright.app.optimize.optimize import run_source
from edgewright.app.optimize.request import BRIEF, Request
from edgewright.core.decision.policy import Policy
from edgewright.core.run import Run
from edgewright.inputs.config import evaluation_text
from edgewright.sites.local.export import BEST
from edgewright.sites.local.rundir import open_run_directory

_TRIALS = 20

RUNS = OUT / "defaults"
"""Searches that are done, for a benchmark that is called again after an interruption."""


def searched(lab: Lab) -> Run:
    """`optimize --budget "20 trials" --prefer "speed>accuracy>memory"`.

    The question is how fast a build may be that keeps the accuracy, so that is what is wished for; accuracy and memory choose
    among those that are as fast.
    """
    policy = Policy(order=("speed", "accuracy", "memory"))
    request = Request(text=evaluation_text(None), policy=policy, budget_trials=_TRIALS)
    return _optimized(lab, "choice", request)


def chosen(run: Run) -> str:
    """What a run recommends, or its nearest miss where none passed."""
    if run.best is not None:
        return str(Path(run.directory, BEST))  # with the runtime options that it was chosen with
    if run.choice is None or run.choice.nearest_miss is None:
        raise RuntimeError("optimize measured no build")
    return _path(run, run.choice.nearest_miss)


def at_size_of_q4_k_m(lab: Lab) -> dict[str, str]:
    """Q4_K_M with an importance matrix, and what `--target-size` makes of the same matrix at exactly that file's size."""
    size = Path(lab.artifact("llamacpp", "q4_k_m").path, "model.gguf").stat().st_size
    request = Request(
        text=evaluation_text(None), policy=Policy(gates=()), target_bytes=float(size), confirmation=BRIEF
    )
    run = _optimized(lab, "allocated", request, frameworks=["llamacpp"])
    allocated = next(trial.id for trial in run.trials if trial.recipe.name.startswith("mixed"))
    return {
        "Q4_K_M with importance matrix": _path(run, "llamacpp/q4_k_m"),
        "allocated": _path(run, allocated),
    }


def _optimized(lab: Lab, name: str, request: Request, frameworks: list[str] | None = None) -> Run:
    out = RUNS / name
    with open_run_directory(out):
        return run_source(
            lab.context,
            lab.source,
            request,
            out,
            target="this-machine",
            frameworks=tuple(frameworks or ()),
        )


def _path(run: Run, name: str) -> str:
    artifact = run.trial(name).artifact
    if artifact is None:
        raise RuntimeError(f"{name} was not built")
    return artifact.path


def defaults(lab: Lab) -> dict[str, str]:
    """Each framework's own default for this model, by its own command on the same source directory.

    optimum-cli's own groups of 128 do not divide rows of 576: it refuses, and says to take smaller ones.
    """
    return {
        "llama-quantize Q4_K_M": _llama_quantize(lab),
        "optimum-cli int8": _optimum(lab, "int8"),
        "optimum-cli int4, groups of 64": _optimum(lab, "int4", "--group-size", "64"),
        "olive auto-opt int4": _olive(lab),
        "mlx_lm convert -q": _mlx(lab),
    }


def _llama_quantize(lab: Lab) -> str:
    tools = lab.root("llamacpp") / "native" / "bin"
    plain = Path(lab.artifact("llamacpp", "f16").path) / "model.gguf"
    out = lab.folder / "llama-quantize.gguf"
    lab.run([tools / "llama-quantize", plain, out, "Q4_K_M"], lab.environment("llamacpp"))
    return str(out)


def _optimum(lab: Lab, weights: str, *options: str) -> str:
    out = lab.folder / f"optimum-{weights}"
    command = [*lab.program("openvino", "optimum-cli"), "export", "openvino", "--model", lab.source.path]
    lab.run(
        [*command, "--task", "text-generation-with-past", "--weight-format", weights, *options, out],
        lab.environment("openvino"),
    )
    return str(out)


def _olive(lab: Lab) -> str:
    out = lab.folder / "olive"
    options = [
        "--device",
        "cpu",
        "--provider",
        "CPUExecutionProvider",
        "--precision",
        "int4",
        "--use_model_builder",
    ]
    command = [*lab.program("onnx", "olive"), "auto-opt", "-m", lab.source.path, "-o", out]
    lab.run([*command, *options], lab.environment("onnx"))
    found = next(iter(sorted(out.rglob("genai_config.json"))), None)
    if found is None:
        raise RuntimeError("olive auto-opt wrote no model")
    return str(found.parent)


def _mlx(lab: Lab) -> str:
    out = lab.folder / "mlx"
    shutil.rmtree(out, ignore_errors=True)
    command = [*lab.program("mlx", "mlx_lm.convert"), "--hf-path", lab.source.path]
    lab.run([*command, "-q", "--mlx-path", out], lab.environment("mlx"))
    return str(out)
