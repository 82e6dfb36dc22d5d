"""The unquantized conversions equal the original, and quantized builds lie where quantization puts them."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.quantized import LIMITS

from edgewright.app.measure.rounds import on_ids
from edgewright.app.steps.bench import bench
from edgewright.app.steps.build import build
from edgewright.app.steps.score import score
from edgewright.core import knowledge
from edgewright.core.jobs.requests import ScoreJob
from edgewright.core.measurement.records import Block, Pace, Scores, Workload
from edgewright.core.recipe.recipes import SCORING_RUNTIME
from edgewright.inputs.config import evaluation_text
from edgewright.ports.task import Subject
from edgewright.tasks.text_generation.cross_validation import cross_validate, tokenize
from edgewright.tasks.text_generation.scoring import scoring_of

pytestmark = pytest.mark.integration

CONTEXT = 256
TOKENS = {"mlx": 128}
"""MLX has no fast kernels on an x86 processor: it is compared on one short window."""

QUANTIZED = (
    "openvino/int8",
    "openvino/int4_asym_g64",
    "onnx/int8",
    "mlx/int4_g64",
    "llamacpp/q8_0",
    "llamacpp/q4_k_m",
)
"""One build of each way to quantize on the real model; `make bench NAME=quantized` has all, `test_space.py` a tiny model in others."""


@pytest.fixture(scope="module")
def texts(lab, smollm2):
    tokenizer = lab.environment.files.tokenizer(Path(smollm2.path))
    return knowledge.text("parity.txt"), tokenizer.chat("Is 007 prime?\n\nÉcris-moi 3 lignes. 🎉")


@pytest.fixture(scope="module")
def ids(lab, smollm2):
    return tuple(
        lab.environment.files.tokenizer(Path(smollm2.path)).encode(evaluation_text(None).content)[
            : 2 * CONTEXT
        ]
    )


@pytest.fixture(scope="module")
def reference(lab, smollm2, ids):
    """The original's scores, for the whole text and for MLX's short window."""
    made = {}
    for count in {len(ids), *TOKENS.values()}:
        answer = score(
            lab.context,
            lab.context.reference,
            scoring_of(
                ScoreJob(
                    worker=lab.context.reference.worker,
                    artifact=smollm2.path,
                    runtime=SCORING_RUNTIME,
                    ids=ids[:count],
                    context=CONTEXT,
                )
            ),
            identity=smollm2.digest,
            log=lab.context.logs / "reference.log",
            keep_reference=True,
        )
        assert isinstance(answer, tuple), answer
        made[count] = answer
    return made


def score_of(lab, artifact, ids, reference) -> Scores:
    recipe = artifact.recipe
    count = TOKENS.get(recipe.framework, len(ids))
    path = reference[count][1]
    backend = lab.context.backend(recipe.framework)
    answer = score(
        lab.context,
        backend,
        scoring_of(
            ScoreJob(
                worker=backend.worker,
                artifact=artifact.path,
                runtime=recipe.runtime,
                ids=ids[:count],
                context=CONTEXT,
            )
        ),
        identity=artifact.manifest.key,
        log=lab.context.logs / f"{recipe.framework}.log",
        reference=path,
    )
    assert isinstance(answer, tuple), answer
    scores: Scores = answer[0]
    return scores


@pytest.fixture(scope="module")
def artifacts(lab, smollm2, calibration):
    """Builds by recipe id, made on demand, each base before what is made from it."""
    made = {}

    def get(framework: str, name: str):
        if (framework, name) not in made:
            recipes = {r.name: r for r in lab.environment.backends[framework].recipes(smollm2.facts)}
            recipe = recipes[name]
            base = get(framework, recipe.base) if recipe.base else None
            log = lab.context.logs / f"{framework}-{name}.log"
            answer = build(lab.context, smollm2, recipe, base, log, calibration)
            assert not hasattr(answer, "failure"), answer
            made[framework, name] = answer
        return made[framework, name]

    return get


@pytest.mark.parametrize("framework", ["openvino", "onnx", "mlx", "llamacpp"])
def test_the_unquantized_conversion_equals_the_original(
    lab, smollm2, artifacts, ids, texts, reference, framework
):
    recipe = lab.environment.backends[framework].recipes(smollm2.facts)[0]
    artifact = artifacts(framework, recipe.name)
    expected = tokenize(
        lab.context, lab.context.reference, smollm2.path, texts, lab.context.logs / "tokenize.log"
    )
    cross = cross_validate(
        lab.context,
        artifact,
        score_of(lab, artifact, ids, reference),
        texts=texts,
        expected=expected,
        log=lab.context.logs / f"{framework}-tokenize.log",
    )
    print(f"{recipe.id}: KL {cross.kl_divergence:.2e}, limit {cross.limit:.0e}")
    assert cross.equal, cross.cause


@pytest.mark.parametrize("identifier", QUANTIZED)
def test_a_quantized_build_is_as_far_from_the_original_as_its_format_makes_it(
    lab, artifacts, ids, reference, identifier
):
    framework, name = identifier.split("/")
    artifact = artifacts(framework, name)
    scores = score_of(lab, artifact, ids, reference)
    low, high = LIMITS[identifier]
    print(f"{identifier}: KL {scores.kl_mean:.4f}, {artifact.manifest.bits_per_weight:.2f} bits per weight")
    assert scores.kl_mean is not None
    assert low < scores.kl_mean < high


def test_real_bits_per_weight_are_more_than_the_name_says_where_rows_fall_back(artifacts):
    manifest = artifacts("llamacpp", "q4_k_m").manifest
    assert manifest.bits_per_weight > 5.5
    assert any("q5_0" in note.lower() for note in manifest.notes)


@pytest.mark.parametrize(
    ("framework", "name"), [("openvino", "int8"), ("onnx", "int8"), ("llamacpp", "q8_0")]
)
def test_a_timed_build_generates_what_it_scores(lab, artifacts, ids, framework, name):
    """Greedy decoding with a KV cache gives the ids that the logits of the whole text call for."""
    artifact = artifacts(framework, name)
    block = bench(
        lab.context,
        lab.context.backend(framework),
        on_ids(ids)(
            Subject(
                worker=lab.context.backend(framework).worker,
                artifact=artifact.path,
                runtime=artifact.recipe.runtime,
            ),
            Workload(prompt_tokens=32, decode_tokens=12),
            Pace(least_s=0.0, least_requests=2, warmup_least=1, warmup_most=1),
        ),
        lab.context.logs / "bench.log",
    )
    assert isinstance(block, Block), block
    first, second = block.requests
    assert first.token_ids == second.token_ids
    assert len(first.token_ids) == 12
    assert block.memory.peak_bytes > artifact.manifest.weight_bytes
    assert block.noise.before is not None
    assert block.placement.threads >= 1
    assert block.placement.proof


def test_the_parents_tokenizer_gives_the_originals_ids(lab, smollm2, texts):
    expected = tokenize(
        lab.context, lab.context.reference, smollm2.path, texts, lab.context.logs / "tokenize.log"
    )
    tokenizer = lab.environment.files.tokenizer(Path(smollm2.path))
    assert tuple(tuple(tokenizer.encode(text)) for text in texts) == expected


def test_a_source_with_one_spelling_of_rope_breaks_mlx_and_is_caught(
    lab, smollm2, ids, reference, texts, tmp_path
):
    """The silent trap that the portable layout exists for: without it the conversion is off, and no framework warns."""
    import json
    import shutil
    from dataclasses import replace

    trap = tmp_path / "one-spelling"
    shutil.copytree(smollm2.path, trap)
    config = json.loads((trap / "config.json").read_text())
    del config["rope_theta"]
    (trap / "config.json").write_text(json.dumps(config))
    source = replace(smollm2, path=str(trap), digest="one-spelling")
    recipe = lab.environment.backends["mlx"].recipes(smollm2.facts)[0]
    artifact = build(lab.context, source, recipe, None, lab.context.logs / "trap.log")
    expected = tokenize(
        lab.context, lab.context.reference, smollm2.path, texts, lab.context.logs / "tokenize.log"
    )
    cross = cross_validate(
        lab.context,
        artifact,
        score_of(lab, artifact, ids, reference),
        texts=texts,
        expected=expected,
        log=lab.context.logs / "trap-tokenize.log",
    )
    assert not cross.equal
    assert "cause unknown" in cross.cause  # MLX does not show what its layers put out
