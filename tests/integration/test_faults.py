"""Faults put into real measurements: real processes, a real clock, and a model whose true speed is known."""

import random
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from edgewright.app.measure.rounds import Arm, Timing, timed_round
from edgewright.core.decision.ab import Better, decide
from edgewright.core.device.toolchain import ToolchainSpec
from edgewright.core.measurement.memory import inconsistency
from edgewright.core.measurement.records import Pace, Workload
from edgewright.core.measurement.rounds import host_noise
from edgewright.core.measurement.speed import ratio_of
from edgewright.reasons import because
from edgewright.sites.local.runner import run_in
from edgewright.tasks.text_generation.timing import on_ids

pytestmark = [pytest.mark.integration, pytest.mark.alone]

BRISK = Pace(least_s=0.4, least_requests=3, warmup_least=1, warmup_most=2, sentinel=False)
WEIGHTS = 200_000_000


@dataclass(frozen=True)
class Clock:
    """As much of a backend as timing needs."""

    toolchain: ToolchainSpec
    worker: str = "metronome"


class InReference:
    """Runs the metronome in the reference's environment."""

    def __init__(self, state):
        self.root = Path(state.path)
        self.environment = {**state.environment, "PYTHONPATH": str(Path(__file__).parent / "workers")}

    def run(self, toolchain, job, *, log, tell, timeout_s, alone=True):
        return run_in(self.root, self.environment, job, log=log, tell=tell, timeout_s=timeout_s)


@pytest.fixture(scope="module")
def context(lab):
    state = lab.context.toolchains.state(lab.context.reference.toolchain)
    return replace(lab.context, runner=InReference(state))


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("metronome")
    with (folder / "weights.bin").open("wb") as stream:
        stream.truncate(WEIGHTS)
    return folder


def arm(context, weights, name, **runtime):
    backend = Clock(toolchain=context.reference.toolchain)
    return Arm(
        name=name, backend=backend, path=str(weights), runtime=runtime, log=context.logs / f"{name}.log"
    )


def rounds_of(context, arms, pace, count):
    timing = Timing(job=on_ids((1, 2, 3)), workload=Workload(prompt_tokens=3, decode_tokens=16), pace=pace)
    done = []
    for number in range(count):
        finished, failures = timed_round(context, arms, timing, random.Random(number))
        assert not failures, failures
        done.append(finished)
    return done


def blocks_of(done, name):
    return {str(k): one.blocks[name] for k, one in enumerate(done) if name in one.blocks}


def test_an_arm_slowed_by_a_tenth_is_found_and_swapping_the_arms_gives_the_reciprocal(context, weights):
    arms = [arm(context, weights, "as it is", step_ms=5.0), arm(context, weights, "slowed", step_ms=5.5)]
    done = rounds_of(context, arms, BRISK, 7)
    one, other = blocks_of(done, "as it is"), blocks_of(done, "slowed")
    there, back = ratio_of(other, one, "decode_tok_s"), ratio_of(one, other, "decode_tok_s")
    assert decide("decode_tok_s", there).answer is Better.A
    assert decide("decode_tok_s", back).answer is Better.B
    assert there.value == pytest.approx(1 / 1.1, rel=0.03)
    assert there.value == pytest.approx(1 / back.value)
    assert there.ci_low == pytest.approx(1 / back.ci_high)


def test_a_processor_hog_gives_no_verdict(context, weights):
    busy = "import time; end = time.time() + 120\nwhile time.time() < end: pass"
    hogs = [subprocess.Popen([sys.executable, "-c", busy]) for _ in range(2)]
    try:
        arms = [arm(context, weights, "a", step_ms=5.0), arm(context, weights, "b", step_ms=1.0)]
        done = rounds_of(context, arms, replace(BRISK, sentinel=True), 1)
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
    noise = host_noise(done)
    assert noise.noisy
    assert any(cause.code == "others_ran" for causes in noise.causes for cause in causes)
    ratio = ratio_of(blocks_of(done, "b"), blocks_of(done, "a"), "decode_tok_s")
    assert decide("decode_tok_s", ratio, doubt=because("host_unusual")).answer is Better.INCONCLUSIVE


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the parts of memory")
def test_pages_that_the_system_took_back_are_flagged_and_mapped_weights_that_stay_are_not(context, weights):
    arms = [
        arm(context, weights, "keeps", step_ms=1.0),
        arm(context, weights, "loses", step_ms=1.0, forget=True),
    ]
    (done,) = rounds_of(context, arms, BRISK, 1)
    keeps, loses = (done.blocks[name].memory for name in ("keeps", "loses"))
    assert not inconsistency(keeps, WEIGHTS)
    assert keeps.load_mode == "memory-mapped"
    assert keeps.peak_bytes > WEIGHTS
    found = inconsistency(loses, WEIGHTS)
    assert found is not None
    assert found.code == "pages_reclaimed"
