"""A build becomes a package, or nothing at all."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edgewright.app.package.options import PackageOptions
from edgewright.app.package.package import package
from edgewright.core import knowledge
from edgewright.core.device.target import Limits
from edgewright.core.measurement.quantity import Label, Value
from edgewright.core.release.package import PACKAGE_NAME, Budgets, Smoke
from edgewright.environment import PACKAGERS
from edgewright.errors import (
    BudgetError,
    InputError,
    ResourceError,
    UnsupportedError,
    UsageError,
    WorkerError,
)
from edgewright.testing import FakeBackend, FakeSessions, PackagerConformance, fake_context
from edgewright.testing.fake_site import FakeSession
from tests.world import World

KINDS = {packager.kind: packager for packager in PACKAGERS}


class Sample(PackagerConformance):
    __test__ = False


@pytest.fixture
def build(tmp_path):
    Sample().build(tmp_path / "build")
    return tmp_path / "build"


@pytest.fixture
def context(tmp_path):
    return fake_context(tmp_path, backends={"llamacpp": FakeBackend("llamacpp")}, packagers=KINDS)


def made(context, build, tmp_path, **options):
    return package(context, build, PackageOptions(**{"kind": "gguf", "out": tmp_path / "package", **options}))


def test_a_package_has_the_build_its_record_and_a_page(context, build, tmp_path):
    answer = made(context, build, tmp_path)
    place = tmp_path / "package"
    assert Path(answer.directory) == place.resolve()
    assert (place / answer.model / "weights.bin").read_bytes() == (build / "weights.bin").read_bytes()
    record = json.loads((place / PACKAGE_NAME).read_text())
    assert record["directory"] == ""
    assert {file["path"] for file in record["files"]} >= {"model/weights.bin", "model/edgewright.json"}
    assert answer.smoke.outcome is Smoke.EQUAL
    assert answer.values["download_bytes"].value >= 1_400_000
    assert "model-int8" in (place / "README.md").read_text()
    assert not list(tmp_path.glob(".*.draft"))


def test_the_packaged_files_are_what_is_run(context, build, tmp_path):
    made(context, build, tmp_path, kind="oci")
    opened = [job.artifact for job in context.sessions.opened]
    assert opened[0] == str(build)
    assert opened[1] not in {str(build), str(tmp_path / "package")}  # restored from the layout


def test_a_package_that_answers_otherwise_is_none(context, build, tmp_path):
    class Lying(FakeSessions):
        def open(self, toolchain, job, log):
            session = super().open(toolchain, job, log)
            return session if len(self.opened) == 1 else Shifted()

    class Shifted(FakeSession):
        def stream(self, ids, tokens, stop=()):
            return (token + 1 for token in super().stream(ids, tokens, stop))

    with pytest.raises(WorkerError, match=r"answers .* prompts differently"):
        made(replace(context, sessions=Lying()), build, tmp_path)
    assert not (tmp_path / "package").exists()
    assert not list(tmp_path.glob(".*.draft"))


@pytest.mark.parametrize("limit", ["download_bytes", "disk_bytes"])
def test_a_broken_budget_leaves_nothing_and_names_the_figure(context, build, tmp_path, limit):
    with pytest.raises(BudgetError) as caught:
        made(context, build, tmp_path, budgets=Budgets(**{limit: 1000.0}))
    (reason,) = caught.value.because
    assert (reason.code, reason.values["metric"], reason.values["bound"]) == ("over_budget", limit, 1000.0)
    assert not (tmp_path / "package").exists()


def test_the_limits_of_a_target_count_too(context, build, tmp_path):
    answer = made(context, build, tmp_path, target="ios", budgets=Budgets(download_bytes=40e6))
    bounds = {verdict.gate.metric: verdict.gate.bound for verdict in answer.budgets}
    assert bounds["download_bytes"] == 40e6  # the user's is the smaller one
    limits = knowledge.target("ios").limits
    assert bounds["peak_bytes"] == limits.memory_bytes
    assert limits.package_bytes > 40e6


def test_a_run_is_packaged_as_what_it_chose_with_its_memory(tmp_path):
    world = World(tmp_path, backends=("llamacpp",))
    run = world.run()
    peak = Value(value=5e6, unit="byte", label=Label.MEASURED, method="m")
    best = replace(run.best, values={**run.best.values, "peak_bytes": peak})
    run = replace(run, trials=tuple(best if t.id == best.id else t for t in run.trials), exported=best.id)
    target = replace(run.assessment.target, limits=Limits(memory_bytes=10_000_000))
    run = replace(run, assessment=replace(run.assessment, target=target))
    context = replace(world.context, packagers=KINDS)
    place = tmp_path / "run"
    Sample().build(place / "best")
    context.runs.journal(place, "k").save(run)
    answer = made(context, place, tmp_path)
    assert answer.values["peak_bytes"] == peak
    assert answer.target == "this-machine"
    limits = {verdict.gate.metric: verdict.gate.bound for verdict in answer.budgets}
    assert limits == {"peak_bytes": 10_000_000}


def test_without_its_toolchain_the_package_says_that_it_was_not_run(context, build, tmp_path):
    context.toolchains.missing["llamacpp"] = "no compiler"
    smoke = made(context, build, tmp_path).smoke
    assert smoke.outcome is Smoke.NOT_RUN
    assert smoke.reason.code == "smoke_no_toolchain"


def test_what_cannot_be_packaged_is_refused_before_anything_is_written(context, build, tmp_path):
    with pytest.raises(UsageError, match="Unknown kind of package 'zip'"):
        made(context, build, tmp_path, kind="zip")
    with pytest.raises(UnsupportedError, match="cannot be packaged as openvino") as caught:
        made(context, build, tmp_path, kind="openvino")
    assert caught.value.because[0].code == "other_format"
    with pytest.raises(InputError, match="no run and no build"):
        made(context, tmp_path / "nowhere", tmp_path)
    assert not (tmp_path / "package").exists()


def test_an_existing_directory_is_never_replaced(context, build, tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "mine").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        made(context, build, tmp_path)
    assert (tmp_path / "package" / "mine").read_text() == "mine"


def test_a_place_that_cannot_be_written_is_one_sentence(context, build, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ResourceError, match="cannot be written"):
        made(context, build, tmp_path, out=tmp_path / "file" / "package")
