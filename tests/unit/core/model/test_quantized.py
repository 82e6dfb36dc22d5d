"""Quantized weights are known by what the tensors show, whatever the configuration says."""

import pytest

from edgewright.core.model.facts import TensorShape
from edgewright.core.model.quantized import recognise


def tensor(name, dtype, *shape):
    return TensorShape(name=name, shape=shape, dtype=dtype, stored_bytes=0)


PLAIN = [tensor("l.weight", "bf16", 256, 256), tensor("l.bias", "f32", 256)]


def float8(scale_name, *scale):
    return [*PLAIN, tensor("l.q.weight", "f8_e4m3", 256, 384), tensor(scale_name, "f32", *scale)]


def test_plain_numbers_are_not_quantized():
    assert recognise({}, {}, PLAIN) is None
    assert recognise({"quantization_config": None}, {}, PLAIN) is None


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("l.q.weight_scale", ()),
        ("l.q.weight_scale", (1,)),
        ("l.q.weight_scale", (256, 1)),
        ("l.q.weight_scale_inv", (2, 3)),
    ],
)
def test_float8_with_one_plain_scale_is_read(name, shape):
    found = recognise({}, {}, float8(name, *shape))
    assert found is not None
    assert found.readable


@pytest.mark.parametrize(
    ("name", "shape"),
    [("elsewhere.weight_scale", ()), ("l.q.weight_scale", (256,)), ("l.q.weight_scale_inv", (3, 2))],
)
def test_float8_whose_scale_is_not_understood_is_named(name, shape):
    found = recognise({"quantization_config": {"quant_method": "fp8"}}, {}, float8(name, *shape))
    assert found is not None
    assert not found.readable
    assert found.method == "fp8"
    assert found.evidence == "l.q.weight is float8 without a known scale"


def test_blocks_have_the_size_that_the_configuration_says():
    said = {"quantization_config": {"quant_method": "fp8", "weight_block_size": [64, 128]}}
    found = recognise(said, {}, float8("l.q.weight_scale_inv", 4, 3))
    assert found is not None
    assert found.readable
    assert found.block == (64, 128)


def test_float8_scales_of_packed_numbers_do_not_make_them_readable():
    nvfp4 = [tensor("l.q.weight", "u8", 256, 64), tensor("l.q.weight_scale", "f8_e4m3", 256, 8)]
    found = recognise({}, {}, nvfp4)
    assert found is not None
    assert not found.readable
    assert found.evidence == "l.q.weight contains packed numbers (u8)"


def test_a_quantized_text_part_counts():
    found = recognise({"text_config": {"quantization_config": {"quant_method": "awq"}}}, {}, [])
    assert found is not None
    assert found.method == "awq"


def test_a_configuration_that_calls_plain_numbers_quantized_is_believed():
    found = recognise({"quantization_config": {"quant_method": "hqq"}}, {}, PLAIN)
    assert found is not None
    assert not found.readable
