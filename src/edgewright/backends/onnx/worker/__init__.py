"""ONNX's child half: Olive builds here, `session` runs, `tokenizer_copy` keeps the tokenizer's copy honest.

Law: frameworks are imported by the job that needs them. ``open`` imports ONNX Runtime GenAI alone, because what is
imported counts in the memory that is measured.
"""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from edgewright.backends.onnx.worker.builder import join_olive_and_builder
from edgewright.backends.onnx.worker.calibrating import data_config
from edgewright.backends.onnx.worker.faults import refusal, watched
from edgewright.backends.onnx.worker.last_logits import keep_last_logits
from edgewright.backends.onnx.worker.operators import profiled
from edgewright.backends.onnx.worker.passes import Passes, passes
from edgewright.backends.onnx.worker.precisions import graph_of, keep_precisions
from edgewright.backends.onnx.worker.session import OnnxSession
from edgewright.backends.onnx.worker.tokenizer_copy import spell_out_byte_level
from edgewright.backends.source_weights import check_weights
from edgewright.core.jobs.requests import BuildJob
from edgewright.core.jobs.results import BuildResult, Progress, SmokeResult
from edgewright.core.measurement.operators import OperatorProfile
from edgewright.core.recipe.recipes import Option
from edgewright.errors import InputError, UnsupportedError
from edgewright.ports import Tell

_MODEL = "model.onnx"
_WEIGHTS = "model.onnx.data"
_CONFIG = "genai_config.json"
_RUNNING = ("onnxruntime", "onnxruntime-genai", "onnxruntime-ep-webgpu", "onnx")
_BUILDING = ("olive-ai", "onnxruntime", "onnxruntime-genai", "onnx", "transformers", "torch")
_COPIED = (
    "config.json",
    "generation_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
)
_EVERY_LOGIT = "The logits of every prompt token are computed: the graph's output layer was not recognized."
# Olive's bookkeeping beside the model: paths and times of this machine, nothing that a deployment reads.
_BOOKKEEPING = ("model_config.json", "footprint.json", "output_footprint.json", "run_history.txt")


class OnnxWorker:
    """See `edgewright.ports.Worker`."""

    def smoke(self, scratch: Path) -> SmokeResult:
        """Make x + 1 as an ONNX graph and run it, with everything imported that a session needs."""
        import numpy as np
        import onnx
        import onnxruntime as ort
        import onnxruntime_genai

        del onnxruntime_genai
        helper, tensor = onnx.helper, onnx.TensorProto.FLOAT
        one = helper.make_tensor("one", tensor, [1], [1.0])
        ports = [helper.make_tensor_value_info(name, tensor, [2]) for name in ("x", "y")]
        node = helper.make_node("Add", ["x", "one"], ["y"])
        graph = helper.make_graph([node], "smoke", ports[:1], ports[1:], [one])
        onnx.save(
            helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9),
            scratch / "x.onnx",
        )
        session: Any = ort.InferenceSession(scratch / "x.onnx", providers=["CPUExecutionProvider"])
        if not np.array_equal(session.run(None, {"x": np.array([1.0, 2.0], np.float32)})[0], [2.0, 3.0]):
            raise ArithmeticError("ONNX Runtime computed x + 1 wrongly.")
        return SmokeResult(versions=_versions(_RUNNING), devices=tuple(ort.get_available_providers()))

    def smoke_build(self, scratch: Path) -> SmokeResult:
        """Import Olive and the model builder."""
        from olive import workflows
        from onnxruntime_genai.models import builder

        del workflows, builder, scratch
        return SmokeResult(versions=_versions(_BUILDING))

    def build(self, job: BuildJob, tell: Tell) -> BuildResult:
        """Run Olive's passes on the source directory."""
        source, out = Path(job.source), Path(job.out)
        _check_source(source)
        check_weights(source)
        tell(Progress(message=f"Building {job.recipe.name} with Olive"))
        scratch = out.with_name(f"{out.name}.olive")
        try:
            produced = _run_olive(source, scratch, job)
            shutil.move(produced, out)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        tell(Progress(message="Completing the artifact", fraction=0.9))
        notes = _complete(source, out)
        return BuildResult(weight_files=(_WEIGHTS,), tools=_versions(_BUILDING), notes=notes)

    def open(self, artifact: Path, runtime: Mapping[str, Option]) -> OnnxSession:
        """Load a directory that ONNX Runtime GenAI runs, whoever made it."""
        _demand_whole(artifact)
        return OnnxSession(artifact, runtime)

    def profile(
        self, artifact: Path, runtime: Mapping[str, Option], ids: Sequence[int], tokens: int, scratch: Path
    ) -> OperatorProfile:
        """One request under ONNX Runtime's own profiler."""
        _demand_whole(artifact)
        return profiled(artifact, runtime, ids, tokens, scratch)

    def tokenize(self, artifact: Path, texts: Sequence[str]) -> list[list[int]]:
        """Ids by ONNX Runtime GenAI's own tokenizer, which adds no special tokens."""
        import onnxruntime_genai as og

        tokenizer: Any = og.Tokenizer(og.Model(str(artifact)))
        return [[int(token) for token in tokenizer.encode(text)] for text in texts]


def _demand_whole(artifact: Path) -> None:
    """GenAI names no missing file in its own errors."""
    missing = artifact / _CONFIG
    if missing.is_file():
        missing = graph_of(artifact)
    if not missing.is_file():
        raise InputError(f"{artifact} holds no {missing.name}.", hint="Build it again.")


def _versions(tools: Sequence[str]) -> dict[str, str]:
    return {tool: version(tool) for tool in tools}


def _check_source(source: Path) -> None:
    """Refuse what the builder does not know: Olive would log the refusal and end as if all were well.

    Raises:
        InputError: no readable config.json with a model type and a class.
        UnsupportedError: an architecture outside the table.
    """
    try:
        config = json.loads((source / "config.json").read_text(encoding="utf-8"))
        architecture = str(config["architectures"][0])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError(f'{source} has no readable config.json with "architectures".') from error
    table = tomllib.loads((Path(__file__).parents[1] / "architectures.toml").read_text(encoding="utf-8"))
    if not any(architecture in names for names in table["architectures"].values()):
        raise UnsupportedError(
            f"The model builder of ONNX Runtime GenAI does not know {architecture}.",
            hint="Use another framework for this model.",
        )


def _run_olive(source: Path, scratch: Path, job: BuildJob) -> Path:
    """Run the workflow below ``scratch``; the directory it wrote."""
    shutil.rmtree(scratch, ignore_errors=True)  # a killed build may have left one
    scratch.mkdir(parents=True)
    # The builder writes temporary files into the hub's cache. Read at import, so it is set before Olive comes in.
    os.environ["HF_HUB_CACHE"] = str(scratch / "hub")
    from olive.workflows import run

    join_olive_and_builder()
    produced = scratch / "out"
    data = data_config(job.calibration) if job.calibration else None
    with watched() as faults:
        run(_workflow(source, scratch, produced, passes(job.recipe.build, data)), tempdir=str(scratch))
    # Olive reports success without a model, so only the files count.
    if not all((produced / name).is_file() for name in (_MODEL, _WEIGHTS, _CONFIG)):
        raise refusal(faults.first)
    return produced


def _workflow(source: Path, scratch: Path, produced: Path, steps: Passes) -> dict[str, Any]:
    accelerator = {"device": "cpu", "execution_providers": ["CPUExecutionProvider"]}
    return {
        "input_model": {"type": "HfModel", "model_path": str(source), "task": "text-generation"},
        "systems": {"local": {"type": "LocalSystem", "accelerators": [accelerator]}},
        "target": "local",
        "passes": steps,
        "output_dir": str(produced),
        "cache_dir": str(scratch / "cache"),
        "log_severity_level": 1,
    }


def _complete(source: Path, out: Path) -> tuple[str, ...]:
    """Put the source's own texts in place of Olive's renderings, record what the graph computes in, and spare it logits."""
    for name in _BOOKKEEPING:
        (out / name).unlink(missing_ok=True)
    for name in _COPIED:
        if (source / name).is_file():
            shutil.copyfile(source / name, out / name)
    keep_precisions(out)
    notes = spell_out_byte_level(source / "tokenizer.json", out / "tokenizer.json")
    return notes if keep_last_logits(out / _MODEL) else (*notes, _EVERY_LOGIT)


WORKER = OnnxWorker()
