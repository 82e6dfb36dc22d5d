"""Directories as people have them become portable sources of the same function, or are refused with the reason."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFReader

from edgewright.api import load
from edgewright.app.intake.sources import source_of
from edgewright.app.steps.build import build
from edgewright.app.steps.score import REFERENCE_FILE, score
from edgewright.core import knowledge
from edgewright.core.jobs.requests import ScoreJob
from edgewright.core.measurement.records import Scores
from edgewright.core.run import Trial
from edgewright.errors import InputError, UnsupportedError, WorkerError
from edgewright.inputs.demo_model import fetch
from edgewright.inputs.models import Trust, locate
from edgewright.inputs.safetensors import check, weight_files
from edgewright.inputs.tokenizer import SourceTokenizer
from edgewright.tasks.text_generation.cross_validation import KL_LIMIT, tokenize
from edgewright.tasks.text_generation.scoring import scoring_of
from edgewright.worker.packed import open_packed, unpack

pytestmark = pytest.mark.integration

FRAMEWORKS = ["onnx", "openvino", "llamacpp", "mlx"]
FLOAT32 = {"dtype": "float32"}

READ = """
import json, shutil, sys
from pathlib import Path
import torch
from safetensors.torch import load_file, save_file

origin, out = Path(sys.argv[1]), Path(sys.argv[2])
shutil.copytree(origin, out, ignore=shutil.ignore_patterns("*.safetensors", "edgewright-source.json"))
weights = load_file(origin / "model.safetensors")

def change(name, **settings):
    path = out / name
    known = json.loads(path.read_text())
    path.write_text(json.dumps({**known, **settings}))

def save(weights, name="model.safetensors"):
    save_file(weights, out / name, metadata={"format": "pt"})

torch.manual_seed(1)
EMBEDDING = "model.embed_tokens.weight"
"""
SHARDED = """
names, places = sorted(weights), {}
for number in range(3):
    part = {name: weights[name] for name in names[number::3]}
    save(part, f"model-{number + 1:05d}-of-00003.safetensors")
    places.update(dict.fromkeys(part, f"model-{number + 1:05d}-of-00003.safetensors"))
(out / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
save({name: torch.randn_like(w) for name, w in weights.items()}, "consolidated.safetensors")
save({"lora": torch.zeros(2, 2)}, "adapter_model.safetensors")
"""
TIED_TWICE = 'save({**weights, "lm_head.weight": weights[EMBEDDING].clone()})'
TIED_TO_ANOTHER = """
save({**weights, "lm_head.weight": 0.02 * torch.randn_like(weights[EMBEDDING])})
"""
UNTIED = TIED_TO_ANOTHER + 'change("config.json", tie_word_embeddings=False)'
PICKLED = """
torch.save({**weights, "lm_head.weight": weights[EMBEDDING]}, out / "pytorch_model.bin")
"""
PICKLED_CODE = """
import os
class Trap:
    def __reduce__(self):
        return os.mkdir, (str(out / "sprung"),)
torch.save({**weights, "trap": Trap()}, out / "pytorch_model.bin")
"""
LACKING = """
del weights["model.layers.1.mlp.up_proj.weight"]
save(weights)
"""
BFLOAT16 = """
save({name: w if "norm" in name else w.bfloat16() for name, w in weights.items()})
change("config.json", dtype="bfloat16", torch_dtype="bfloat16")
"""
PADDED = """
rows = weights[EMBEDDING]
save({**weights, EMBEDDING: torch.cat([rows, rows.std() * torch.randn(64, rows.shape[1])])})
change("config.json", vocab_size=len(rows) + 64)
known = json.loads((out / "tokenizer.json").read_text())
known["added_tokens"].append({**known["added_tokens"][-1], "id": len(rows), "content": "<|extra|>"})
(out / "tokenizer.json").write_text(json.dumps(known))
"""
ADDED_BOS = """
save(weights)
change("tokenizer_config.json", add_bos_token=True, bos_token="<|im_start|>")
known = json.loads((out / "tokenizer.json").read_text())
bos = next(entry for entry in known["added_tokens"] if entry["content"] == "<|im_start|>")
special, text = {"SpecialToken": {"id": bos["content"], "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}
known["post_processor"] = {
    "type": "TemplateProcessing", "single": [special, text], "pair": [special, text],
    "special_tokens": {bos["content"]: {"id": bos["content"], "ids": [bos["id"]], "tokens": [bos["content"]]}},
}
(out / "tokenizer.json").write_text(json.dumps(known))
"""
OWN_CODE = """
save(weights)
change("config.json", auto_map={"AutoModelForCausalLM": "own.Own"}, architectures=["OwnForCausalLM"])
change("tokenizer_config.json", auto_map={"AutoTokenizer": ["own.Slow", None]}, tokenizer_class="OwnTokenizer")
(out / "own.py").write_text("raise SystemExit('this code must not run')")
"""
OWN_KIND = OWN_CODE + 'change("config.json", model_type="own")'


@pytest.fixture(scope="module")
def python(toolchains):
    """A script in the reference's Python; what it printed."""

    def run(script, *arguments):
        command = [
            Path(toolchains["torch"].path) / "venv" / "bin" / "python",
            "-c",
            script,
            *map(str, arguments),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert not done.returncode, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def variant(tiny, python, tmp_path_factory):
    """A copy of the tiny model's directory, changed by a script."""

    def make(script):
        out = tmp_path_factory.mktemp("variant") / "model"
        python(READ + script, tiny.path, out)
        return out

    return make


@pytest.fixture(scope="module")
def ids(tiny):
    return tuple(SourceTokenizer(Path(tiny.path)).encode(knowledge.text("parity.txt")))[:64]


@pytest.fixture(scope="module")
def answer(lab, ids):
    """A source's float32 log-probabilities after each of 64 ids, and where they lie."""

    def get(source, ids=ids):
        scored = score(
            lab.context,
            lab.context.reference,
            scoring_of(job_of(lab.context.reference, source.path, FLOAT32, ids)),
            identity=source.digest,
            log=lab.context.logs / "reference.log",
            keep_reference=True,
        )
        assert isinstance(scored, tuple), scored
        return unpack(open_packed(scored[1] / REFERENCE_FILE)), scored[1]

    return get


def job_of(backend, artifact, runtime, ids) -> ScoreJob:
    return ScoreJob(worker=backend.worker, artifact=artifact, runtime=runtime, ids=ids, context=len(ids))


def portable(lab, path, **trust):
    risks = Trust(**trust)
    return source_of(lab.context, locate(str(path), offline=True, trust=risks), risks)


def tensor_names(source) -> set[str]:
    return {tensor.name for file in weight_files(Path(source.path)) for tensor in check(file)}


def divergence(reference, candidate) -> float:
    """Mean KL(reference || candidate), nat per token."""
    # Normalized again: float32 log-probabilities sum to 1 within 1e-7, which would hide what is asked here.
    reference, candidate = (
        logp - np.log(np.exp(logp).sum(axis=1, keepdims=True))
        for logp in (reference.astype(np.float64), candidate.astype(np.float64))
    )
    return float((np.exp(reference) * (reference - candidate)).sum(axis=1).mean())


def test_the_permuted_twin_of_a_gguf_file_computes_the_same_with_other_weights(lab, smollm2, answer, python):
    plain = source_of(
        lab.context,
        locate(
            str(fetch(lab.context.downloads, lab.context.reporter, offline=False)),
            offline=True,
            trust=Trust(),
        ),
        Trust(),
    )
    (one, _), (other, _) = answer(plain), answer(smollm2)
    print(f"largest difference {np.abs(one - other).max():.2e}, KL {divergence(one, other):.2e}")
    assert (
        np.abs(one - other).max() < 2e-3
    )  # the 16 bits they are stored in cost up to 6e-4 each, far below the likeliest
    assert abs(divergence(one, other)) < 1e-8
    script = """
import sys, json
from safetensors.torch import load_file
one, other = load_file(sys.argv[1] + "/model.safetensors"), load_file(sys.argv[2] + "/model.safetensors")
assert set(one) == set(other)
same = {n: (one[n] == other[n]).float().mean().item() for n in one if one[n].ndim == 2}
kept = all(one[n].flatten().sort().values.equal(other[n].flatten().sort().values) for n in one)
print(json.dumps({"same": max(same.values()), "kept": kept}))
"""
    found = json.loads(python(script, plain.path, smollm2.path))
    print(f"at most {found['same']:.1%} of a matrix stayed in its place")
    assert found["kept"]
    assert found["same"] < 0.1


def test_shards_with_an_index_are_one_model_and_other_copies_are_left_alone(lab, tiny, variant, answer):
    source = portable(lab, variant(SHARDED))
    assert tensor_names(source) == tensor_names(tiny)
    assert source.facts.parameters == tiny.facts.parameters
    assert np.array_equal(answer(source)[0], answer(tiny)[0])


def test_an_output_matrix_stored_beside_tied_embeddings_is_dropped(lab, tiny, variant, answer):
    source = portable(lab, variant(TIED_TWICE))
    assert any("stored output matrix was left out" in note for note in source.notes)
    assert "lm_head.weight" not in tensor_names(source)
    assert np.array_equal(answer(source)[0], answer(tiny)[0])


def test_an_untied_model_keeps_its_output_matrix(lab, tiny, variant, answer):
    source = portable(lab, variant(UNTIED))
    assert not source.notes
    assert not source.facts.tied_embeddings
    assert "lm_head.weight" in tensor_names(source)
    assert not np.allclose(answer(source)[0], answer(tiny)[0], atol=1e-2)


def test_an_output_matrix_that_differs_from_the_embeddings_is_what_the_model_computes_with(
    lab, variant, answer
):
    """The configuration says tied, the weights say otherwise: Transformers believes the weights."""
    source = portable(lab, variant(TIED_TO_ANOTHER))
    assert any("another one is stored: it was kept" in note for note in source.notes)
    assert not source.facts.tied_embeddings
    assert np.array_equal(answer(source)[0], answer(portable(lab, variant(UNTIED)))[0])


def test_pickled_weights_are_read_by_those_who_allow_it(lab, tiny, variant, answer):
    path = variant(PICKLED)
    with pytest.raises(InputError, match="--allow-pickle"):
        portable(lab, path)
    source = portable(lab, path, allow_pickle=True)
    assert np.array_equal(answer(source)[0], answer(tiny)[0])


def test_code_in_pickled_weights_never_runs(lab, variant):
    path = variant(PICKLED_CODE)
    with pytest.raises(InputError, match="holds more than weights"):
        portable(lab, path, allow_pickle=True)
    assert not (path / "sprung").exists()


def test_a_missing_weight_is_refused_and_never_made_up(lab, variant):
    with pytest.raises(InputError, match=r"missing or misshapen: model\.layers\.1\.mlp\.up_proj\.weight"):
        portable(lab, variant(LACKING))


def test_the_configuration_has_both_spellings(tiny, mixed):
    for source in (tiny, mixed):
        config = json.loads((Path(source.path) / "config.json").read_text())
        assert config["rope_theta"] == config["rope_parameters"]["rope_theta"] == 100000
        assert config["dtype"] == config["torch_dtype"]


def test_the_models_own_code_is_left_aside_where_transformers_knows_the_kind(lab, tiny, variant, answer):
    source = portable(lab, variant(OWN_CODE), allow_remote_code=True)
    assert sum("own Python code was not used" in note for note in source.notes) == 2
    for name in ("config.json", "tokenizer_config.json"):
        assert "auto_map" not in (Path(source.path) / name).read_text()
    assert np.array_equal(answer(source)[0], answer(tiny)[0])


def test_a_kind_that_only_its_own_code_knows_is_not_built_yet(lab, variant):
    with pytest.raises(UnsupportedError, match="are not built yet"):
        portable(lab, variant(OWN_KIND), allow_remote_code=True)


@pytest.fixture(scope="module")
def unquantized(lab):
    """A framework's unquantized build of a source, made once."""

    def get(framework, source):
        recipe = lab.environment.backends[framework].recipes(source.facts)[0]
        found = build(lab.context, source, recipe, None, lab.context.logs / f"{framework}-sources.log")
        assert not hasattr(found, "failure"), found
        return found

    return get


# --- a bfloat16 checkpoint with float32 norms ---


@pytest.fixture(scope="module")
def mixed(lab, variant):
    return portable(lab, variant(BFLOAT16))


def test_the_declared_dtype_is_that_of_most_weights(mixed):
    config = json.loads((Path(mixed.path) / "config.json").read_text())
    assert config["dtype"] == "bfloat16"
    assert mixed.facts.dtype == "bf16"


def test_scoring_in_float32_is_the_same_function_and_says_so(lab, mixed, ids, answer):
    own = score(
        lab.context,
        lab.context.reference,
        scoring_of(job_of(lab.context.reference, mixed.path, {}, ids)),
        identity=mixed.digest,
        log=lab.context.logs / "reference.log",
        reference=answer(mixed)[1],
    )
    assert isinstance(own, tuple), own
    print(f"{own[0].placement.weights} against float32: KL {own[0].kl_mean:.2e}")
    assert own[0].placement.weights == own[0].placement.proof["native_dtype"]
    assert own[0].placement.proof["stored_dtype"] == "bfloat16"
    forced = lab.context.files.read(answer(mixed)[1] / "scores.json", Scores).placement
    assert forced.weights == "float32"
    assert forced.proof["dtype"] == "float32, asked for"
    assert own[0].kl_mean is not None
    assert own[0].kl_mean < 1e-3


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_conversion_of_bfloat16_weights_equals_the_original_scored_in_float32(
    lab, mixed, ids, answer, unquantized, framework
):
    hold_conversion(lab, unquantized(framework, mixed), ids, answer(mixed)[1])


def hold_conversion(lab, artifact, ids, reference):
    """A conversion is within its precision's limit of the original's log-probabilities."""
    backend = lab.context.backend(artifact.recipe.framework)
    scored = score(
        lab.context,
        backend,
        scoring_of(job_of(backend, artifact.path, artifact.recipe.runtime, ids)),
        identity=artifact.manifest.key,
        log=lab.context.logs / f"{backend.name}-sources.log",
        reference=reference,
    )
    assert isinstance(scored, tuple), scored
    limit = KL_LIMIT[artifact.recipe.precision]
    print(f"{artifact.recipe.id}: KL {scored[0].kl_mean:.2e}, limit {limit:.0e}")
    assert scored[0].kl_mean is not None
    assert scored[0].kl_mean < limit


# --- a vocabulary with an added token, padded beyond what the tokenizer knows ---


@pytest.fixture(scope="module")
def padded(lab, variant):
    return portable(lab, variant(PADDED))


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_an_added_token_and_a_padded_vocabulary_are_the_originals(
    lab, padded, answer, unquantized, framework
):
    texts = ("Before <|extra|> and after.", knowledge.text("parity.txt"))
    expected = tuple(tuple(SourceTokenizer(Path(padded.path)).encode(text)) for text in texts)
    assert padded.facts.vocabulary - 64 in expected[0]
    assert padded.facts.vocabulary - 1 not in expected[0]
    artifact = unquantized(framework, padded)
    log = lab.context.logs / f"{framework}-tokenize.log"
    assert tokenize(lab.context, lab.context.backend(framework), artifact.path, texts, log) == expected
    ids = (*expected[0], *expected[1])[:64]
    _, reference = answer(padded, ids)
    hold_conversion(lab, artifact, ids, reference)


# --- a tokenizer that adds BOS ---


@pytest.fixture(scope="module")
def with_bos(lab, variant):
    return portable(lab, variant(ADDED_BOS))


TEXTS = (knowledge.text("parity.txt"), "Hello there")


@pytest.mark.parametrize("framework", ["onnx", "openvino", "mlx"])
def test_a_tokenizer_that_adds_bos_adds_none_where_none_is_asked_for(lab, with_bos, unquantized, framework):
    tokenizer = SourceTokenizer(Path(with_bos.path))
    expected = tokenize(
        lab.context, lab.context.reference, with_bos.path, TEXTS, lab.context.logs / "tokenize.log"
    )
    assert expected == tuple(tuple(tokenizer.encode(text)) for text in TEXTS)
    assert tokenizer.encode(TEXTS[1], special=True) == [1, *expected[1]]
    artifact, log = unquantized(framework, with_bos), lab.context.logs / f"{framework}-tokenize.log"
    assert tokenize(lab.context, lab.context.backend(framework), artifact.path, TEXTS, log) == expected


def test_a_gguf_file_that_adds_bos_adds_none_where_none_is_asked_for(lab, tiny, unquantized, tmp_path):
    """llama.cpp's converter knows tokenizers by what they make of a text, and this one not with BOS before it: so the
    file is told to add BOS after it was written."""
    expected = tokenize(
        lab.context, lab.context.reference, tiny.path, TEXTS, lab.context.logs / "tokenize.log"
    )
    file = shutil.copy(Path(unquantized("llamacpp", tiny).path) / "model.gguf", tmp_path)
    field = GGUFReader(file, "r+").fields["tokenizer.ggml.add_bos_token"]
    field.parts[field.data[0]][0] = True
    field.parts[field.data[0]].flush()
    assert GGUFReader(file).fields["tokenizer.ggml.add_bos_token"].contents()
    log = lab.context.logs / "llamacpp-tokenize.log"
    assert tokenize(lab.context, lab.context.backend("llamacpp"), str(tmp_path), TEXTS, log) == expected


def test_a_plain_prompt_is_continued_after_bos_and_a_chat_as_its_template_writes_it(with_bos, unquantized):
    tokenizer = SourceTokenizer(Path(with_bos.path))
    with load(unquantized("onnx", with_bos)) as session:
        plain = session.generate_ids(tokenizer.encode("Hello there"), 8)
        after_bos = session.generate_ids([1, *tokenizer.encode("Hello there")], 8)
        chat = session.generate_ids(tokenizer.encode(tokenizer.chat("Hello there")), 8)
        assert plain != after_bos
        assert session.generate("Hello there", 8) == tokenizer.decode(after_bos)
        assert session.generate("Hello there", 8, chat=True) == tokenizer.decode(chat)


def test_a_trial_runs_with_its_own_options(with_bos, unquantized):
    """A tuned trial shares the artifact of the build that it tunes."""
    artifact = unquantized("onnx", with_bos)
    tuned = replace(artifact.recipe, name="tuned", runtime={"no_such_option": 1})
    with pytest.raises(WorkerError, match="no_such_option"):
        load(Trial(recipe=tuned, artifact=artifact))
