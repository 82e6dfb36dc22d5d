import pytest

from edgewright.core.decision.policy import Gate, Policy
from edgewright.core.decision.verdict import Outcome, judge, judge_all, overall, shortfall
from edgewright.core.measurement.energy import Energy, EnergySource, energy_value, no_energy, on_processor
from edgewright.core.measurement.quantity import Label, not_available
from edgewright.reasons import told
from edgewright.report.compared import energy_line
from edgewright.report.figures import figure
from edgewright.report.sentences import verdict_sentence

COUNTED = Energy(
    source=EnergySource.COUNTER,
    scope="RAPL package-0",
    joules=600.0,
    idle_before_w=9.0,
    idle_after_w=11.0,
    seconds=30.0,
)
GUESSED = Energy(source=EnergySource.MODEL, scope="TDP model by codecarbon", joules=240.0, seconds=30.0)
GATE = Gate(metric="energy_j_per_token", at_most=1e9)


def test_a_counted_figure_is_measured_gross_and_tells_the_net_of_the_mean_idle_power():
    value = energy_value(COUNTED, 100)
    assert value.value == pytest.approx(6.0)
    assert value.unit == "J/token"
    assert value.n == 100
    assert value.label is Label.MEASURED
    assert "measured-counter, RAPL package-0, gross over 30 s" in value.method
    assert "net 3 J/token, idle power 9.0 W before and 11.0 W after" in value.method
    assert figure(value) == "6"


def test_without_idle_power_the_net_figure_is_said_to_be_unknown():
    value = energy_value(Energy(source=EnergySource.COUNTER, scope="a process", joules=5.0, seconds=30.0), 10)
    assert "net unknown" in value.method


def test_an_estimate_is_labelled_and_shown_as_one():
    value = energy_value(GUESSED, 100)
    assert value.label is Label.ESTIMATED
    assert value.method.startswith("estimated-model, TDP model by codecarbon")
    assert "gross" not in value.method
    assert figure(value) == "~2.4"


@pytest.mark.parametrize("energy", [no_energy("no RAPL counter"), no_energy("")])
def test_what_could_not_be_had_has_a_reason_and_is_never_zero(energy):
    value = energy_value(energy, 100)
    assert value.value is None
    assert value.label is Label.NOT_AVAILABLE
    assert value.reason


def test_processor_time_stands_where_energy_is_not_available_and_is_not_called_energy():
    time = energy_value(COUNTED, 100)  # any number will do
    line = energy_line(
        {
            "energy_j_per_token": not_available("energy_j_per_token", told("no counter")),
            "cpu_s_per_token": time,
        }
    )
    assert line == "energy per token: not available (no counter); processor time per token: 6 s"
    assert "~2.4 J/token (estimated-model" in energy_line({"energy_j_per_token": energy_value(GUESSED, 100)})


@pytest.mark.parametrize("gate", [GATE, Gate(metric="energy_j_per_token", at_most=1e-9)])
def test_an_estimate_decides_no_gate_whatever_its_bound(gate):
    verdict = judge(gate, energy_value(GUESSED, 100))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "which cannot decide a gate" in verdict_sentence(verdict)
    assert "codecarbon" in verdict_sentence(verdict)
    assert shortfall([verdict]) == 0.0


def test_missing_energy_decides_no_gate_and_says_why():
    verdict = judge(GATE, energy_value(no_energy("no RAPL counter"), 100))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "no RAPL counter" in verdict_sentence(verdict)


def test_a_measured_figure_gates():
    assert judge(GATE, energy_value(COUNTED, 100)).outcome is Outcome.PASS
    assert judge(Gate(metric="energy_j_per_token", at_most=5.0), energy_value(COUNTED, 100)).outcome is (
        Outcome.FAIL
    )


def test_a_policy_with_an_estimated_gate_does_not_pass():
    values = {"energy_j_per_token": energy_value(GUESSED, 100)}
    assert overall(judge_all(Policy(gates=(GATE,)), values)) is Outcome.INCONCLUSIVE


def test_energy_is_no_axis_of_the_pareto_front_unless_it_is_wished_for():
    assert "energy" not in Policy().objectives
    assert "energy" in Policy(prefer={"energy": 1.0}).objectives


@pytest.mark.parametrize(
    ("device", "alone"),
    [
        ("cpu", True),
        ("CPU", True),
        ("Device(cpu, 0)", True),
        ("Device(gpu, 0)", False),
        ("NVIDIA H200", False),
        ("GPU.0", False),
        ("GPU,CPU", False),
        ("NPU", False),
    ],
)
def test_runtimes_name_the_processor_in_their_own_words(device, alone):
    assert on_processor(device) is alone
