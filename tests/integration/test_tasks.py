"""Log-likelihoods: frameworks agree with the original, and lm-evaluation-harness finds what we find."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

import edgewright
from edgewright.api import evaluate_lm_eval, evaluate_tasks
from edgewright.app.evaluate.tasks import answers, encoder
from edgewright.app.intake.runnable import Runnable
from edgewright.app.steps.build import build
from edgewright.app.steps.likelihood import likelihood
from edgewright.core.decision.verdict import Outcome
from edgewright.core.measurement.likelihood import encode_pair
from edgewright.core.recipe.recipes import SCORING_RUNTIME
from edgewright.errors import InputError, OfflineError
from edgewright.evaluators.lm_eval.own_task import write_task
from edgewright.inputs.task_items import OURS, read_tasks

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def few():
    """Three items of each category of our own set."""
    whole = read_tasks(OURS)
    return replace(whole, name="few", items=tuple(item for i, item in enumerate(whole.items) if i % 56 < 3))


@pytest.fixture(scope="module")
def pairs(lab, smollm2, few):
    encode = lab.environment.files.tokenizer(Path(smollm2.path)).encode
    return tuple(encode_pair(encode, item.context, text) for item in few.items for text in item.continuations)


@pytest.fixture(scope="module")
def original(lab, smollm2, pairs):
    found = likelihood(
        lab.context,
        lab.context.reference,
        artifact=smollm2.path,
        identity=smollm2.digest,
        runtime=SCORING_RUNTIME,
        pairs=pairs,
        log=lab.context.logs / "reference.log",
    )
    assert isinstance(found, tuple), found
    return found


@pytest.fixture(scope="module")
def built(lab, smollm2):
    """The unquantized build of a framework."""
    made = {}

    def get(framework: str):
        if framework not in made:
            recipe = lab.environment.backends[framework].recipes(smollm2.facts)[0]
            made[framework] = build(lab.context, smollm2, recipe, None, lab.context.logs / f"{framework}.log")
            assert not hasattr(made[framework], "failure"), made[framework]
        return made[framework]

    return get


@pytest.mark.parametrize(("framework", "within"), [("onnx", 1e-3), ("llamacpp", 0.1)])
def test_a_faithful_build_finds_the_originals_log_likelihoods(
    lab, smollm2, built, pairs, original, framework, within
):
    """float32 to a thousandth of a nat; float16 to a tenth, summed over a continuation."""
    artifact = built(framework)
    found = likelihood(
        lab.context,
        lab.context.backend(framework),
        artifact=artifact.path,
        identity=artifact.manifest.key,
        runtime=artifact.recipe.runtime,
        pairs=pairs,
        log=lab.context.logs / f"{framework}.log",
    )
    assert isinstance(found, tuple), found
    apart = max(abs(a.total - b.total) for a, b in zip(found, original, strict=True))
    print(f"{framework}: at most {apart:.1e} nat apart on {len(pairs)} pairs")
    assert apart < within
    assert all(math.isfinite(a.total) and a.total < 0 for a in found)


def test_an_open_session_answers_the_same(built, pairs, lab):
    artifact = built("llamacpp")
    kept = answers(
        lab.context,
        Runnable(
            name="it",
            backend=lab.context.backend("llamacpp"),
            path=artifact.path,
            identity=artifact.manifest.key,
            runtime=artifact.recipe.runtime,
        ),
        pairs,
    )
    with edgewright.load(artifact) as session:
        said = session.loglikelihoods(pairs[:3])
        assert session.generate_ids(pairs[0][0], max_tokens=2)  # and it still generates
        assert session.tokenizer.decode(list(pairs[0][0])).endswith("Answer:")
    assert [total for total, _ in said] == pytest.approx([a.total for a in kept[:3]], abs=1e-4)


def test_a_build_against_itself_retains_everything(tmp_path, built, few):
    path = tmp_path / "few.jsonl"
    rows = ({"question": i.question, "choices": list(i.choices), "answer": i.answer} for i in few.items)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    place = built("llamacpp").path
    (result,) = evaluate_tasks(place, [path], baseline=place).results
    assert result.retained.value == 1.0
    assert result.retained.n == result.accuracy.n == 12
    assert result.verdict.outcome in {Outcome.PASS, Outcome.INCONCLUSIVE}
    assert result.chance == 0.25


GENERATING = """task: say
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: generate_until
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
generation_kwargs: {{until: ["."], max_gen_toks: 8}}
metric_list: [{{metric: exact_match, aggregation: mean, higher_is_better: true}}]
"""
ROLLING = """task: surprise
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{{{question}}}}"
metric_list: [{{metric: word_perplexity}}]
"""


@pytest.fixture(scope="module")
def harness(lab, toolchains):
    state = lab.context.toolchains.ensure(lab.context.evaluators["lm_eval"], lambda _: None)
    assert state.ready, f"{state.reason} {state.hint}"
    return state


def test_the_harness_finds_our_accuracy_offline_and_keeps_every_item(
    lab, harness, built, few, original, tmp_path
):
    """Three kinds of requests: choices, a generation, and the likelihood of a whole text."""
    write_task(tmp_path, few, "few")
    data = tmp_path / "say.jsonl"
    data.write_text(
        '{"question": "The capital of France is", "answer": " Paris"}\n'
        '{"question": "The capital of Italy is", "answer": " Rome"}\n',
        encoding="utf-8",
    )
    (tmp_path / "say.yaml").write_text(GENERATING.format(data=data), encoding="utf-8")
    (tmp_path / "surprise.yaml").write_text(ROLLING.format(data=data), encoding="utf-8")
    place = built("llamacpp").path
    found = evaluate_lm_eval(place, ["few", "say", "surprise"], include_path=tmp_path, offline=True)
    scores = {(score.task, score.metric): score for score in found.scores}
    path = tmp_path / "same.jsonl"
    rows = ({"question": i.question, "choices": list(i.choices), "answer": i.answer} for i in few.items)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (ours,) = evaluate_tasks(place, [path], offline=True).results
    assert [row["acc"] for row in found.samples["few"]] == [float(item.correct) for item in ours.items]
    assert scores["few", "acc"].value == pytest.approx(ours.accuracy.value)
    assert scores["few", "acc_norm"].value == pytest.approx(ours.accuracy_normalized.value)
    assert scores["few", "acc"].stderr > 0
    assert scores["few", "acc"].n == 12
    assert scores["say", "exact_match"].value == 1.0, found.samples["say"]
    assert 1.0 < scores["surprise", "word_perplexity"].value < 1e6
    assert found.versions["lm_eval"]


def test_a_limit_takes_the_first_items(harness, built, few, tmp_path):
    write_task(tmp_path, few, "few")
    found = evaluate_lm_eval(built("llamacpp").path, ["few"], include_path=tmp_path, limit=4, offline=True)
    assert len(found.samples["few"]) == 4


def test_data_that_would_have_to_be_fetched_are_refused_offline(harness, built):
    with pytest.raises(OfflineError, match="The data of hellaswag must be downloaded"):
        evaluate_lm_eval(built("llamacpp").path, ["hellaswag"], offline=True)


def test_a_task_that_is_not_there_is_named(harness, built, few, tmp_path):
    write_task(tmp_path, few, "few")
    with pytest.raises(InputError, match="no task 'fewer'"):
        evaluate_lm_eval(built("llamacpp").path, ["fewer"], include_path=tmp_path, offline=True)


def test_the_tokenizer_of_a_build_is_its_sources(lab, smollm2, built):
    subject = Runnable(
        name="it", backend=lab.context.backend("onnx"), path=built("onnx").path, identity="", runtime={}
    )
    text = "Question: what?\nAnswer: this"
    assert encoder(lab.context, subject)(text) == lab.environment.files.tokenizer(Path(smollm2.path)).encode(
        text
    )
