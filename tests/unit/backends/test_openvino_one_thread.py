"""One thread a stream on a processor with AMX: OpenVINO's own bfloat16 would end the process."""

import pytest

from edgewright.backends.openvino.worker.one_thread import safe_precision
from edgewright.errors import UnsupportedError

ONE_EACH = {"INFERENCE_NUM_THREADS": 2, "NUM_STREAMS": 2}


@pytest.fixture
def amx(tmp_path):
    file = tmp_path / "cpuinfo"
    file.write_text("flags : fpu avx512_bf16 amx_bf16 avx512_fp16\n")
    return file


def test_the_plugins_own_choice_becomes_float32(amx):
    assert safe_precision(ONE_EACH, amx) == {"INFERENCE_PRECISION_HINT": "f32"}


def test_bfloat16_by_name_is_refused(amx):
    with pytest.raises(UnsupportedError, match="one thread"):
        safe_precision({**ONE_EACH, "INFERENCE_PRECISION_HINT": "bf16"}, amx)


@pytest.mark.parametrize(
    "given",
    [{"INFERENCE_NUM_THREADS": 4}, {"INFERENCE_PRECISION_HINT": "f16"}, {"EXECUTION_MODE_HINT": "ACCURACY"}],
)
def test_what_is_not_touched_by_it_stays(given, amx):
    assert safe_precision({**ONE_EACH, **given}, amx) == {}


def test_other_processors_choose_for_themselves(tmp_path):
    assert safe_precision(ONE_EACH, tmp_path / "nothing") == {}
    (tmp_path / "cpuinfo").write_text("flags : fpu avx512_bf16\n")
    assert safe_precision(ONE_EACH, tmp_path / "cpuinfo") == {}
