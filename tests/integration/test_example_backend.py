"""A third party's framework: the package in ``examples`` joins by its entry point, and no line of edgewright knows it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edgewright.app.measure.rounds import on_ids
from edgewright.app.steps.bench import bench
from edgewright.app.steps.build import build
from edgewright.app.steps.score import score
from edgewright.core import knowledge
from edgewright.core.jobs.requests import ScoreJob
from edgewright.core.measurement.records import Block, Pace, Workload
from edgewright.core.model.facts import Source
from edgewright.core.recipe.artifact import Artifact
from edgewright.core.recipe.recipes import SCORING_RUNTIME
from edgewright.environment import Environment
from edgewright.inputs.config import evaluation_text
from edgewright.ports.task import Subject
from edgewright.tasks.text_generation.cross_validation import cross_validate, tokenize
from edgewright.tasks.text_generation.scoring import scoring_of
from edgewright.testing import RecordingReporter
from tests.conftest import Lab

pytestmark = pytest.mark.integration

EXAMPLE = Path(__file__).parents[2] / "examples" / "edgewright-ctranslate2"
CONTEXT = 256
ASKED = ("--only", "ctranslate2/*", "--tokens", "128", "--context", "64", "--max-ttft-ms", "0.001")
"""No build answers as soon as that, so none is confirmed: confirming is timed, and timed elsewhere."""


@dataclass
class Plugged(Lab):
    """A lab where the example is installed, and a folder for commands to run in."""

    folder: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Python, as a user has it who installed both packages."""
        paths = {"EDGEWRIGHT_HOME": str(self.home), "PYTHONPATH": str(self.folder / "site")}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**os.environ, **paths, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )

    def demand(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout


@pytest.fixture(scope="module")
def plugged(lab: Lab, toolchains, tmp_path_factory) -> Iterator[Plugged]:
    """The package, installed where Python finds it."""
    folder = tmp_path_factory.mktemp("plugged")
    site = folder / "site"
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    subprocess.run([*pip, "install", "--no-deps", "--target", site, EXAMPLE], check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(site)
        environment = Environment()
        context = environment.context(lab.home / "logs", RecordingReporter())
        yield Plugged(home=lab.home, environment=environment, context=context, folder=folder)


@pytest.fixture(scope="module")
def installed(plugged: Plugged):
    """Its environment, by the command that users have."""
    told = plugged.demand("-m", "edgewright.cli", "toolchain", "install", "ctranslate2", "--json")
    run, build = json.loads(told)
    assert build["ready"]
    return run


@pytest.fixture(scope="module")
def optimized(plugged: Plugged, installed, tiny: Source) -> dict[str, Any]:
    """A finished run of it alone."""
    command = ("-m", "edgewright.cli", "optimize", tiny.path, *ASKED, "--out", "run", "--json")
    done = plugged.run(*command)
    assert done.returncode == 10, done.stderr[-3000:]
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="module")
def built(plugged: Plugged, installed, smollm2: Source) -> Artifact:
    """SmolLM2 in float32."""
    recipe = plugged.environment.backends["ctranslate2"].recipes(smollm2.facts)[0]
    answer = build(plugged.context, smollm2, recipe, None, plugged.context.logs / "ctranslate2-fp32.log")
    assert isinstance(answer, Artifact), answer
    return answer


@pytest.fixture(scope="module")
def ids(plugged: Plugged, smollm2: Source) -> tuple[int, ...]:
    tokenizer = plugged.environment.files.tokenizer(Path(smollm2.path))
    return tuple(tokenizer.encode(evaluation_text(None).content)[:CONTEXT])


def test_its_own_tests_pass_the_conformance_suite_among_them(plugged):
    told = plugged.demand("-m", "pytest", "-p", "no:cacheprovider", "-v", str(EXAMPLE / "tests"))
    assert "TestCTranslate2Backend::test_its_run_half_holds_what_the_worker_needs PASSED" in told


def test_its_environment_passes_its_smoke_job(installed):
    assert installed["ready"], installed["reason"]
    assert installed["versions"]["ctranslate2"]


def test_its_builds_are_made_compared_and_measured(optimized):
    trials = {f"{t['recipe']['framework']}/{t['recipe']['name']}": t for t in optimized["trials"]}
    assert {name: trial["status"] for name, trial in trials.items()} == {
        "ctranslate2/fp32": "measured",
        "ctranslate2/int8": "measured",
    }
    (cross,) = optimized["cross_validation"]
    print(f"{cross['framework']}: KL {cross['kl_divergence']:.1e}")
    assert cross["equal"], cross["cause"]
    for name, bits in (("ctranslate2/fp32", 32), ("ctranslate2/int8", 8)):
        assert trials[name]["artifact"]["manifest"]["bits_per_weight"] == pytest.approx(bits, abs=0.2)


def test_a_real_model_answers_as_the_original(plugged, built, smollm2, ids):
    context, log = plugged.context, plugged.context.logs / "ctranslate2.log"
    asked = {"ids": ids, "context": CONTEXT}
    original = ScoreJob(
        worker=context.reference.worker, artifact=smollm2.path, runtime=SCORING_RUNTIME, **asked
    )
    kept = score(
        context,
        context.reference,
        scoring_of(original),
        identity=smollm2.digest,
        log=log,
        keep_reference=True,
    )
    assert isinstance(kept, tuple), kept
    backend = context.backend("ctranslate2")
    job = ScoreJob(worker=backend.worker, artifact=built.path, runtime={}, **asked)
    scored = score(context, backend, scoring_of(job), identity=built.manifest.key, log=log, reference=kept[1])
    assert isinstance(scored, tuple), scored
    texts = (knowledge.text("parity.txt"),)
    expected = tokenize(context, context.reference, smollm2.path, texts, log)
    assert isinstance(expected, tuple), expected
    cross = cross_validate(context, built, scored[0], texts=texts, expected=expected, log=log)
    print(f"{built.recipe.id}: KL {cross.kl_divergence:.2e}, limit {cross.limit:.0e}")
    assert cross.equal, cross.cause


def test_a_prompt_is_continued_alike_alone_and_in_a_batch(plugged, built, ids):
    def continued(concurrency: int) -> tuple[int, ...]:
        block = bench(
            plugged.context,
            plugged.context.backend("ctranslate2"),
            on_ids(ids)(
                Subject(
                    worker=plugged.context.backend("ctranslate2").worker, artifact=built.path, runtime={}
                ),
                Workload(prompt_tokens=32, decode_tokens=12, concurrency=concurrency),
                Pace(least_s=0.0, least_requests=1, warmup_least=1, warmup_most=1),
            ),
            plugged.context.logs / "ctranslate2-bench.log",
        )
        assert isinstance(block, Block), block
        return block.requests[0].token_ids

    alone = continued(1)
    assert len(alone) == 12
    assert continued(2) == alone
