"""The backend keeps edgewright's promises, and refuses what it would build wrongly."""

import struct

from edgewright.testing import BackendConformance
from edgewright.testing.samples import facts

from edgewright_ctranslate2 import CTranslate2Backend


class TestCTranslate2Backend(BackendConformance):
    def make(self):
        return CTranslate2Backend()


def test_a_llama_whose_heads_do_not_fill_its_width_is_refused_with_both_sizes():
    fit = CTranslate2Backend().fit(facts(head_size=32))
    assert not fit.works
    assert "64 / 4" in fit.reasons[0]
    assert "32" in fit.reasons[0]


def test_a_loader_that_reads_the_size_of_a_head_takes_any():
    assert CTranslate2Backend().fit(facts(model_type="qwen3", head_size=32)).works


def test_a_decoder_is_told_from_other_files_of_its_name(tmp_path):
    name = b"TransformerDecoderSpec\0"
    for content, expected in (
        (struct.pack("<IH", 6, len(name)) + name + b"...", True),
        (b"PK\x03\x04 a pickled model", False),
        (b"", False),
    ):
        (tmp_path / "model.bin").write_bytes(content)
        assert CTranslate2Backend().recognizes(tmp_path) is expected
