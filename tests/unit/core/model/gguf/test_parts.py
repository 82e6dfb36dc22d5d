import numpy as np
import pytest

from edgewright.core.model.gguf.header import GgufHeader, parse_gguf
from edgewright.core.model.gguf.parts import join_parts, model_name, part_names
from edgewright.errors import InputError
from tests.gguf_bytes import gguf_bytes, llama

NAMES = ("m-00001-of-00002.gguf", "m-00002-of-00002.gguf")


def part(number: int, names, **more) -> GgufHeader:
    metadata, tensors = llama()
    said = {"split.no": number, "split.count": 2, "split.tensors.count": len(tensors), **more}
    mine = {name: tensors[name] for name in names}
    return parse_gguf(gguf_bytes(metadata | said if number == 0 else said, mine), f"part {number}")


def halves():
    names = list(llama()[1])
    return names[:10], names[10:]


@pytest.mark.parametrize("name", NAMES)
def test_any_part_names_them_all(name: str):
    assert part_names(name, {*NAMES, "other.gguf"}) == NAMES


def test_a_file_that_is_no_part_stands_for_itself():
    assert part_names("model-q4.gguf", set()) == ("model-q4.gguf",)


def test_a_missing_part_is_named():
    with pytest.raises(InputError, match="m-00002-of-00002"):
        part_names(NAMES[0], {NAMES[0]})


def test_a_model_is_called_without_suffix_and_part():
    assert [model_name(name) for name in ("a.GGUF", NAMES[1], "blob")] == ["a", "m", "blob"]


def test_parts_together_hold_all_tensors():
    one, other = halves()
    whole = join_parts([part(0, one), part(1, other)], "m")
    assert [tensor.name for tensor in whole.tensors] == one + other
    assert whole.architecture == "llama"


def test_a_renamed_part_does_not_pass_for_a_model():
    with pytest.raises(InputError, match="declares 2 parts of a model, but 1 were found"):
        join_parts([part(0, halves()[0])], "renamed.gguf")


def test_tensors_that_are_missing_are_counted():
    one, other = halves()
    with pytest.raises(InputError, match="contain 19 tensors, but the model has 20"):
        join_parts([part(0, one), part(1, other[:-1])], "m")


def test_parts_in_the_wrong_place_are_found():
    one, other = halves()
    with pytest.raises(InputError, match="a different part"):
        join_parts([part(0, one), part(0, other)], "m")


def test_numbers_of_an_array_come_back():
    metadata, tensors = llama(**{"attention.head_count_kv": [2, 2]})
    header = parse_gguf(gguf_bytes(metadata, tensors), "a")
    assert np.array_equal(header.metadata["llama.attention.head_count_kv"], [2, 2])
