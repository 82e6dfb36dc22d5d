"""Two builds compared in words."""

from edgewright.core.measurement.quantity import METRICS, Label, Value
from edgewright.report.comparison import compare


def values(**figures):
    return {
        name: Value(value=figure, unit=METRICS[name].unit, label=Label.MEASURED, method="m")
        for name, figure in figures.items()
    }


def test_what_is_gained_and_what_it_costs_is_said_with_its_size():
    fast = values(decode_tok_s=100.0, kl_divergence=0.5, peak_bytes=100.0)
    exact = values(decode_tok_s=50.0, kl_divergence=0.001, peak_bytes=100.2)
    assert compare(exact, fast) == (
        "decode -50% (worse speed), mean KL divergence 0.002x (better accuracy), the same memory"
    )


def test_what_one_of_them_lacks_is_left_out():
    assert compare(values(decode_tok_s=50.0), values(peak_bytes=1.0)) == ""
