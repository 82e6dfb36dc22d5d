"""A second task: one tensor in, one tensor out. Its fake framework computes a real product of real, rounded numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgewright.codec import plain
from edgewright.core.decision.policy import Gate, Policy
from edgewright.core.jobs.requests import BuildJob, SourceJob, TaskJob
from edgewright.core.jobs.results import BenchResult, BuildResult, SourceResult, TaskResult
from edgewright.core.measurement.data import Calibration, Part, PartKind
from edgewright.core.measurement.quantity import Kind, Label, Metric, Value
from edgewright.core.measurement.records import Placement
from edgewright.core.measurement.speed import ratio_of, speed_values
from edgewright.core.model.facts import Task
from edgewright.core.recipe.recipes import REFERENCE
from edgewright.core.run import CrossValidation, EvaluationData
from edgewright.ports.task import Scoring
from edgewright.testing import block

KIND = Task.FEATURE_EXTRACTION
ERROR = Metric(
    name="output_error", unit="1", higher_is_better=False, title="Output error", kind=Kind.ACCURACY
)
RATE = Metric(
    name="inferences_s", unit="inference/s", higher_is_better=True, title="Inferences", kind=Kind.SPEED
)
WIDTH = 16
PLACEMENT = Placement(device="cpu", weights="float32", activations="float32", kv_cache="none", threads=1)
SIZES = {PartKind.EXPLORED: 32, PartKind.GLANCE: 8, PartKind.SMOKE: 2, PartKind.HELD_OUT: 16}


@dataclass(frozen=True, kw_only=True)
class TensorScores:
    tokens: int
    errors: tuple[float, ...] = ()
    seconds: float = 0.1
    placement: Placement = PLACEMENT


class TensorExam:
    speed = RATE.name
    held_out = 2
    calibration = Calibration(ids=(), text="")
    traced = ()
    data = EvaluationData(name="noise", sha256="", tokens=32, held_out_tokens=32, context=WIDTH, parts={})

    def has(self, part: Part) -> bool:
        return part.kind in SIZES and (part.kind is not PartKind.HELD_OUT or part.number < self.held_out)

    def scoring(self, part, subject, *, original=False, limit_s=None):
        del original, limit_s
        seed = 10 * list(SIZES).index(part.kind) + part.number
        data = {"seed": seed, "examples": SIZES[part.kind]}
        return Scoring(job=_step("score", subject, data), result=TaskResult, record=TensorScores)

    def timing(self, subject, workload, pace):
        del workload, pace
        return _step("time", subject, {})

    def expected(self, context, backend, artifact, log):
        del context, backend, artifact, log
        return WIDTH

    def accuracy(self, parts, originals=()):
        del originals
        errors = [error for part in parts for error in part.errors]
        if not errors:
            return {}
        return {ERROR.name: _value(ERROR, float(np.mean(errors)), len(errors))}

    def speeds(self, blocks, *, error=0.05):
        del error
        common = {k: v for k, v in speed_values(blocks).items() if k in {"peak_bytes", "load_s"}}
        rate = float(np.median([self.figure(one) for one in blocks]))
        return {**common, RATE.name: _value(RATE, rate, len(blocks))}

    def against(self, blocks, baseline, *, error=0.05):
        del error
        return {"speedup": self.ratio(blocks, baseline)}

    def ratio(self, blocks, baseline):
        return ratio_of(blocks, baseline, "throughput_tok_s")  # an inference is one output at a time

    def figure(self, one):
        return 1000.0 / one.requests[0].token_times_ms[0]

    def disagreement(self, one, scores):
        del one, scores

    def cross_validate(self, context, artifact, scores, expected, *, log, validation=None, limit=None, cause):
        del context, log, validation, cause
        worst = max(scores.errors)
        return CrossValidation(
            framework=artifact.recipe.framework,
            equal=worst < (limit or 1e-6) and expected == WIDTH,
            kl_divergence=None,
            limit=limit or 1e-6,
            tokenizer_equal=True,
            causes=(),
        )


class TensorTask:
    kind = KIND
    metrics = (ERROR, RATE)
    reference = replace(REFERENCE, name="matrix")

    @property
    def policy(self):
        return Policy(
            gates=(Gate(metric=ERROR.name, at_most=0.02), Gate(metric="speedup", at_least=2.0)),
            axes={
                "speed": RATE.name,
                "accuracy": ERROR.name,
                "memory": "peak_bytes",
                "size": "size_bytes",
            },
        )

    def exam(self, context, source, asked):
        del context, source, asked
        return TensorExam()


def _step(step, subject, data):
    return TaskJob(
        worker=subject.worker,
        module="tests.unit.tasks.tensor_task",
        step=step,
        artifact=subject.artifact,
        runtime=subject.runtime,
        data=data,
    )


def _value(metric, value, n):
    return Value(value=value, unit=metric.unit, label=Label.MEASURED, method="mean", n=n)


def answer(job):
    """The fake framework: a source is a matrix, a build is the matrix rounded to the recipe's bits."""
    match job:
        case SourceJob():
            out = Path(job.out)
            out.mkdir(parents=True)
            np.save(out / "matrix.npy", np.random.default_rng(7).normal(size=(WIDTH, WIDTH)))
            return SourceResult()
        case BuildJob():
            return _built(job)
        case TaskJob(step="score"):
            return _scored(job)
        case TaskJob(step="time"):
            bits = json.loads((Path(job.artifact) / "bits.json").read_text()) if _is_build(job) else 32
            return BenchResult(block=block(10.0 * 32 / bits, peak_bytes=1_000_000 * bits))
        case _:
            return None


def _is_build(job):
    return (Path(job.artifact) / "bits.json").exists()


def _built(job):
    out, bits = Path(job.out), int(job.recipe.nominal_bits)
    out.mkdir(parents=True)
    matrix = np.load(Path(job.source) / "matrix.npy")
    if bits < 32:
        step = np.abs(matrix).max() / (2 ** (bits - 1) - 1)
        matrix = np.round(matrix / step) * step
    np.save(out / "matrix.npy", matrix)
    (out / "bits.json").write_text(json.dumps(bits))
    (out / "weights.bin").write_bytes(b"x" * (768 * bits))
    return BuildResult(weight_files=("weights.bin",), tools={"numpy": np.__version__})


def _scored(job):
    inputs = np.random.default_rng(job.data["seed"]).normal(size=(job.data["examples"], WIDTH))
    outputs = inputs @ np.load(Path(job.artifact) / "matrix.npy")
    if job.write_reference:
        with Path(job.write_reference).open("wb") as file:
            np.save(file, outputs)
    errors = ()
    if job.reference:
        right = np.load(job.reference)
        errors = tuple(np.linalg.norm(outputs - right, axis=1) / np.linalg.norm(right, axis=1))
    found = TensorScores(tokens=job.data["examples"], errors=tuple(map(float, errors)))
    return TaskResult(scores=plain(found))
