"""Energy of a real build: counted where the machine counts, told to be missing where it does not, estimated when asked."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from edgewright.app.measure.energy import energy_round, energy_values
from edgewright.app.measure.rounds import Arm
from edgewright.app.steps.build import build
from edgewright.app.steps.estimate import estimate
from edgewright.core.decision.policy import Gate
from edgewright.core.decision.verdict import Outcome, judge
from edgewright.core.jobs.requests import EstimateJob
from edgewright.core.jobs.results import EstimateResult
from edgewright.core.measurement.energy import EnergySource, energy_value, no_energy
from edgewright.core.measurement.quantity import Label
from edgewright.core.measurement.records import Workload
from edgewright.core.measurement.speed import speed_values
from edgewright.report.figures import figure
from edgewright.report.sentences import sentence
from edgewright.sites.local.children import child_environment
from edgewright.sites.local.venv import python_of

pytestmark = [pytest.mark.integration, pytest.mark.alone]

TRACKER = """
import hashlib, json, os, sys, time

def refuse(event, _):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        raise AssertionError(event)

sys.addaudithook(refuse)
import psutil
from codecarbon import OfflineEmissionsTracker

tracker = OfflineEmissionsTracker(country_iso_code="FRA", tracking_mode="process", output_methods=[])
tracker.start()
began, before = time.perf_counter(), sum(os.times()[:4])
block = bytes(4_000_000)
while time.perf_counter() - began < 6.0:
    hashlib.sha256(block)  # leaves the interpreter to the tracker's thread, whose readings would else come late
tracker.stop()
seconds, used = time.perf_counter() - began, sum(os.times()[:4]) - before
found = tracker.final_emissions_data
joules = 3.6e6 * (found.cpu_energy + found.ram_energy)
mode = [one._mode for one in tracker._hardware if type(one).__name__ == "CPU"]
memory = psutil.Process().memory_info().rss
print(json.dumps({"joules": joules, "mode": mode, "cpu_s": used, "seconds": seconds, "resident_bytes": memory}))
"""


@pytest.fixture(scope="module")
def model(lab):
    spec = lab.context.energy_models["codecarbon"]
    state = lab.context.toolchains.ensure(spec, lambda _: None)
    assert state.ready, f"{state.reason} {state.hint}"
    return spec


@pytest.fixture(scope="module")
def finished(lab, tiny):
    """Half a minute of a small build under this machine's counters."""
    backend = lab.environment.backends["llamacpp"]
    log = lab.context.logs / "llamacpp.log"
    artifact = build(lab.context, tiny, backend.recipes(tiny.facts)[0], None, log)
    assert not hasattr(artifact, "failure"), artifact
    arm = Arm(name="it", backend=backend, path=artifact.path, runtime=artifact.recipe.runtime, log=log)
    workload = Workload(prompt_tokens=32, decode_tokens=64)
    return energy_round(lab.context, [arm], workload, None, watched=False)


def test_energy_is_counted_over_half_a_minute_or_said_to_be_missing(finished):
    block = finished.blocks["it"]
    value = energy_values(finished, "it")["energy_j_per_token"]
    print(f"energy: {figure(value)} {value.method or sentence(value.reason)}")
    assert block.noise.wall_s >= 30.0
    if block.energy.source is EnergySource.COUNTER:
        assert value.label is Label.MEASURED
        assert value.value > 0.0
    else:
        assert value.label is Label.NOT_AVAILABLE
        assert value.value is None
        assert "RAPL" in sentence(value.reason) or "counter" in sentence(value.reason)


def test_processor_time_per_token_stands_beside_it(finished):
    value = speed_values([finished.blocks["it"]])["cpu_s_per_token"]
    assert 0.0 < value.value < 1.0
    assert "no energy" in value.method


def test_an_estimate_is_labelled_one_and_decides_nothing(lab, model, finished):
    uncounted = replace(finished.blocks["it"], energy=no_energy("no counter"))
    found = estimate(lab.context, model, uncounted, lab.context.logs / "codecarbon.log")
    assert found.energy.source is EnergySource.MODEL, found.energy
    assert "codecarbon 3" in found.energy.scope
    value = speed_values([found])["energy_j_per_token"]
    print(f"estimated: {figure(value)} {value.method}")
    assert value.label is Label.ESTIMATED
    assert value.value > 0.0
    assert figure(value).startswith("~")
    for bound in (1e-9, 1e9):
        gate = Gate(metric="energy_j_per_token", at_most=bound)
        assert judge(gate, value).outcome is Outcome.INCONCLUSIVE
        assert judge(gate, energy_value(no_energy("none"), 1)).outcome is Outcome.INCONCLUSIVE


def test_the_estimate_is_what_codecarbons_own_tracker_says_and_nothing_is_sent(lab, model):
    theirs, ours = both_estimates(lab, model)
    print(f"codecarbon's tracker: {theirs:.1f} J; afterwards, from counters: {ours:.1f} J")
    assert ours == pytest.approx(theirs, rel=0.05)


def both_estimates(lab, model):
    """Joules of one busy process: by codecarbon's tracker beside it, and by its counters afterwards."""
    state = lab.context.toolchains.state(model)
    answer = subprocess.run(
        [python_of(Path(state.path)), "-c", TRACKER],
        env=child_environment(state.environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    said = json.loads(answer.stdout.splitlines()[-1])
    if said.pop("mode") != ["cpu_load"]:
        pytest.skip("here codecarbon reads a counter, and models nothing")
    theirs = said.pop("joules")
    job = EstimateJob(worker=model.worker, **said)
    result = lab.context.runner.run(
        model, job, log=lab.context.logs / "codecarbon.log", tell=lambda _: None, timeout_s=60
    )
    assert isinstance(result, EstimateResult), result
    return theirs, result.energy.joules
