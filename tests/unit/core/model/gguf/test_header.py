import struct
from contextlib import suppress

import numpy as np
import pytest
from gguf.constants import GGML_QUANT_SIZES
from hypothesis import given
from hypothesis import strategies as st

from edgewright.core.model.gguf.header import ggml_types, parse_gguf
from edgewright.errors import InputError, UnsupportedError
from tests.gguf_bytes import gguf_bytes, llama

WHOLE = gguf_bytes(*llama())


def test_metadata_and_tensors_are_those_of_the_file():
    metadata, tensors = llama()
    header = parse_gguf(gguf_bytes(metadata, tensors), "a.gguf")
    assert header.architecture == "llama"
    assert header.metadata["tokenizer.ggml.tokens"] == tuple(metadata["tokenizer.ggml.tokens"])
    assert header.of_architecture()["block_count"] == 2
    assert {t.name: t.shape for t in header.tensors} == {name: t.shape for name, t in tensors.items()}
    first = header.tensors[0]
    raw = np.frombuffer(WHOLE, dtype="<f4", count=first.elements, offset=first.offset)
    assert np.array_equal(raw.reshape(first.shape), tensors[first.name])


def test_the_table_of_types_is_that_of_the_formats_authors():
    theirs = {int(kind): sizes for kind, sizes in GGML_QUANT_SIZES.items()}
    known = {number: (kind.block, kind.block_bytes) for number, kind in ggml_types().items()}
    assert {number: theirs[number] for number in known if number in theirs} == {
        number: sizes for number, sizes in known.items() if number in theirs
    }


def test_another_byte_order_is_named():
    with pytest.raises(UnsupportedError, match="big-endian byte order"):
        parse_gguf(gguf_bytes(*llama(), order=">"), "a.gguf")


@pytest.mark.parametrize("version", [1, 4, 77])
def test_another_version_is_named(version: int):
    with pytest.raises(UnsupportedError, match=f"version {version}"):
        parse_gguf(gguf_bytes(*llama(), version=version), "a.gguf")


def test_what_is_no_gguf_file_is_called_so():
    with pytest.raises(InputError, match="is not a GGUF file"):
        parse_gguf(b"PK\3\4" + bytes(100), "a.gguf")


def test_an_unknown_type_is_named_with_its_tensor():
    metadata, tensors = llama()
    with pytest.raises(UnsupportedError, match=r"blk\.0\.ffn_up\.weight' in the unknown type 99"):
        parse_gguf(gguf_bytes(metadata, tensors, kinds={"blk.0.ffn_up.weight": 99}), "a.gguf")


def test_rows_that_are_no_whole_blocks_are_damage():
    metadata, tensors = llama()
    with pytest.raises(InputError, match="truncated or damaged"):
        parse_gguf(gguf_bytes(metadata, tensors, kinds={"blk.0.ffn_norm.weight": 8}), "a.gguf")


@pytest.mark.parametrize("cut", [5, 30, 400, len(WHOLE) - 1])
def test_a_truncated_file_is_called_truncated(cut: int):
    with pytest.raises(InputError, match="truncated"):
        parse_gguf(WHOLE[:cut], "a.gguf")


@given(place=st.integers(4, 1400), value=st.binary(min_size=1, max_size=8))
def test_whatever_is_changed_in_a_header_ends_in_one_sentence(place: int, value: bytes):
    changed = WHOLE[:place] + value + WHOLE[place + len(value) :]
    with suppress(InputError, UnsupportedError):
        parse_gguf(changed, "a.gguf")


def test_a_count_beyond_the_file_costs_no_memory():
    metadata, tensors = llama()
    whole = gguf_bytes({"general.tags": ["a"], **metadata}, tensors)
    at = whole.index(b"general.tags") + len("general.tags") + 8
    changed = whole[:at] + struct.pack("<Q", 2**60) + whole[at + 8 :]
    with pytest.raises(InputError, match="truncated or damaged"):
        parse_gguf(changed, "a.gguf")
