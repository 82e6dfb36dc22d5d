"""Perplexity of every unquantized conversion beside PyTorch's own cross entropy, on the same windows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from benchmarks.checks import Check, at_most
from benchmarks.lab import Lab

_TOKENS, _CONTEXT = 2048, 512
_LIMIT = {"fp32": 2e-3, "fp16": 5e-3}
_CONVERSIONS = (("onnx", "fp32"), ("openvino", "fp16"), ("llamacpp", "f16"), ("mlx", "fp16"))
_PROGRAM = Path(__file__).parent / "programs" / "torch_loss.py"


def compare(lab: Lab) -> list[Check]:
    """The original scored by us, then each conversion; a slow runtime on the positions that it scored."""
    ids = lab.ids[:_TOKENS]
    given = lab.folder / "ids.json"
    given.write_text(json.dumps(list(ids)), encoding="utf-8")
    command = [lab.python("torch"), _PROGRAM, lab.source.path, given, str(_CONTEXT)]
    said = lab.run(command, lab.environment("torch"))
    line = next(line for line in said.splitlines() if line.startswith("LOSSES "))
    theirs = np.asarray(json.loads(line.removeprefix("LOSSES ")))
    checks = [
        _check("the original, scored by us", np.asarray(lab.scores(None, ids, _CONTEXT)[0].nll), theirs, 2e-3)
    ]
    for framework, name in _CONVERSIONS:
        artifact = lab.artifact(framework, name)
        nll = np.asarray(lab.scores(artifact, ids, _CONTEXT, limit_s=30.0)[0].nll)
        checks.append(_check(artifact.recipe.id, nll, theirs, _LIMIT[artifact.recipe.precision]))
    return checks


def _check(
    name: str,
    ours: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    theirs: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    bound: float,
) -> Check:
    same = theirs[: len(ours)]
    delta = abs(float(ours.mean()) - float(same.mean()))
    note = f"{len(ours)} positions; PPL {np.exp(ours.mean()):.4f} against {np.exp(same.mean()):.4f}"
    return at_most(f"|delta ln PPL| of {name} and torch", delta, bound, "nat", note)
