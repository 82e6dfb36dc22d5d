"""What a pattern of builds' names says where its framework takes no part."""

from dataclasses import replace

import pytest

from edgewright.app.optimize.plan import plan
from edgewright.app.steps.assess import assess
from edgewright.core import knowledge
from edgewright.core.decision.assessment import Fit
from edgewright.errors import UnsupportedError, UsageError
from edgewright.testing import FakeBackend, FakeToolchains, facts
from tests.world import HOST


def planned(only, frameworks=(), unfit=""):
    backends = [FakeBackend("openvino"), FakeBackend("llamacpp")]
    states = {b.name: FakeToolchains().state(b.toolchain) for b in backends}
    assessment = assess("m", facts(), HOST, knowledge.target("this-machine"), backends, states, context=64)
    if unfit:
        ranked = tuple(
            replace(r, fit=Fit(framework="openvino", works=False, reasons=(unfit,)))
            if r.fit.framework == "openvino"
            else r
            for r in assessment.frameworks
        )
        assessment = replace(assessment, frameworks=ranked)
    return plan(assessment, backends, only=only, frameworks=frameworks)


def test_a_build_of_a_framework_that_does_not_fit_is_refused_with_its_reason():
    with pytest.raises(
        UnsupportedError,
        match="openvino/int8 is not available: openvino cannot build this model: it knows no such",
    ):
        planned(["openvino/int8"], unfit="it knows no such architecture")


def test_a_build_of_a_framework_that_was_left_out_says_how_to_add_it():
    with pytest.raises(UsageError, match="not among this run's frameworks") as raised:
        planned(["openvino/int8"], frameworks=["llamacpp"])
    assert raised.value.hint == "Add it with --frameworks openvino."


def test_a_name_that_nothing_has_is_still_no_build():
    with pytest.raises(UsageError, match="No build matches 'llamacpp/int3'"):
        planned(["llamacpp/int3"], unfit="it knows no such architecture")


def test_a_framework_that_does_not_fit_is_told_where_it_would_take_part():
    reason = "it knows no such architecture"
    assert planned([], unfit=reason).unfit == {"openvino": reason}
    assert planned([], frameworks=["llamacpp"], unfit=reason).unfit == {}
    assert planned(["llamacpp/*"], unfit=reason).unfit == {}
