"""Two sites with homes of their own: what one builds, the other measures."""

import shutil
from pathlib import Path

import pytest

from edgewright.app.measure.rounds import Arm, Timing, on_ids, timed_round
from edgewright.app.steps.build import build
from edgewright.core.jobs.requests import TokenizeJob
from edgewright.core.jobs.results import TokenizeResult
from edgewright.core.measurement.records import Pace, Workload
from edgewright.core.recipe.artifact import Artifact
from edgewright.sites.local.home import Home
from edgewright.sites.local.site import LocalSite
from tests.conftest import fresh_home

PACE = Pace(least_s=0.0, least_requests=2, warmup_least=1, warmup_most=1, sentinel=False)


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """A second site: a store of its own, the same toolchains."""
    return LocalSite(home=Home(root=fresh_home(tmp_path_factory.mktemp("site"), "toolchains")), name="other")


@pytest.mark.parametrize(("framework", "name"), [("llamacpp", "q8_0"), ("openvino", "int8")])
def test_a_build_of_one_site_is_measured_at_another(lab, tiny, other, framework, name, rng):
    backend = lab.context.backend(framework)
    recipes = {recipe.name: recipe for recipe in backend.recipes(tiny.facts)}
    log = lab.context.logs / "sites.log"
    base = build(lab.context, tiny, next(iter(recipes.values())), None, log)
    assert isinstance(base, Artifact), base
    made = build(lab.context, tiny, recipes[name], base, log)
    assert isinstance(made, Artifact), made
    there = lab.context.at(other)
    arm = Arm(name="it", backend=backend, path=made.path, runtime=made.recipe.runtime, log=log)
    timing = Timing(
        job=on_ids(tuple(range(1, 17))), workload=Workload(prompt_tokens=16, decode_tokens=8), pace=PACE
    )
    finished, failures = timed_round(there, [arm], timing, rng)
    assert not failures
    assert len(finished.blocks["it"].requests) >= 2
    sent = Path(other.home.store) / "artifacts" / Path(made.path).name
    assert sent.is_dir()
    # It is the other site's own copy: it answers after the first one is gone.
    kept = Path(made.path).rename(Path(made.path).with_name(".away"))
    try:
        job = TokenizeJob(worker=backend.worker, artifact=made.path, texts=("Hello",))
        answer = there.ask(backend.toolchain, job, TokenizeResult, log=log)
        assert isinstance(answer, TokenizeResult), answer
    finally:
        kept.rename(made.path)
    shutil.rmtree(sent)


@pytest.fixture
def rng():
    import random

    return random.Random(1)  # an order, no secret
