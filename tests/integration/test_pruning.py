"""A pruned source is a source like any other: every framework builds it, and what it builds computes what the source does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgewright.app.steps.build import build
from edgewright.app.steps.prepare import prepare
from edgewright.app.steps.score import score
from edgewright.core.jobs.requests import ScoreJob, SourceOperation
from edgewright.core.jobs.results import Failure
from edgewright.core.model.facts import SourceKind
from edgewright.core.recipe.pruning import parse
from edgewright.core.recipe.recipes import SCORING_RUNTIME
from edgewright.tasks.text_generation.scoring import scoring_of

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def six(lab, smollm2):
    """Six layers of random weights."""
    return derived(lab, smollm2, SourceOperation.TINY, {"layers": 6})


def derived(lab, source, operation, options, ids=()):
    return prepare(
        lab.context,
        operation,
        Path(source.path),
        name=f"{source.name} {operation}",
        said=source.name,
        kind=SourceKind.DERIVED,
        fingerprint=source.digest,
        options=options,
        ids=ids,
    )


def pruned(lab, source, text, calibration):
    return derived(lab, source, SourceOperation.PRUNE, parse(text).options, calibration.ids[:2048])


def kl_of(lab, source, artifact, ids, folder):
    """Of a build to the source that it was made from, in float32."""
    reference = lab.environment.reference
    job = ScoreJob(
        worker=reference.worker, artifact=source.path, runtime=SCORING_RUNTIME, ids=ids, context=64
    )
    original = score(
        lab.context,
        reference,
        scoring_of(job),
        identity=source.digest,
        log=folder / "o.log",
        keep_reference=True,
    )
    assert not isinstance(original, Failure), original
    backend = lab.environment.backends[artifact.recipe.framework]
    mine = replace(job, worker=backend.worker, artifact=artifact.path, runtime=artifact.recipe.runtime)
    answer = score(
        lab.context,
        backend,
        scoring_of(mine),
        identity=artifact.manifest.key,
        log=folder / "b.log",
        reference=original[1],
    )
    assert not isinstance(answer, Failure), answer
    return sum(answer[0].against.kl) / len(answer[0].against.kl)


@pytest.mark.parametrize(
    ("text", "frameworks"), [("blocks:0.34", ("onnx", "mlx")), ("neurons:0.2", ("openvino", "llamacpp"))]
)
def test_every_framework_builds_a_pruned_source(lab, six, calibration, tmp_path, text, frameworks):
    source = pruned(lab, six, text, calibration)
    if text.startswith("blocks"):
        assert (six.facts.layers, source.facts.layers) == (6, 4)
    else:
        assert (six.facts.intermediate_size, source.facts.intermediate_size) == (1536, 1216)
    assert source.facts.parameters < six.facts.parameters
    assert any("taken out" in note for note in source.notes)
    for name in frameworks:
        backend = lab.environment.backends[name]
        plain = backend.recipes(source.facts)[0]
        made = build(lab.context, source, plain, None, tmp_path / f"{name}.log")
        assert not isinstance(made, Failure), made
        assert kl_of(lab, source, made, calibration.ids[-64:], tmp_path) < 1e-3


def test_a_recovery_comes_nearer_to_the_original(lab, six, calibration):
    source = pruned(lab, six, "neurons:0.3+recover", calibration)
    said = next(note for note in source.notes if note.startswith("recovered"))
    before, after = (float(part) for part in said.split("from ")[1].removesuffix(" nat").split(" to "))
    assert after < before


def test_a_model_of_two_blocks_has_none_to_spare(lab, tiny, calibration):
    from edgewright.errors import UnsupportedError

    with pytest.raises(UnsupportedError, match="none to spare"):
        pruned(lab, tiny, "blocks:0.5", calibration)
