"""Decisions of conversions that need no framework: which types, which constants stay exact, whose fault it was."""

import json
import logging
import xml.etree.ElementTree as ET

import pytest

from edgewright.backends.mlx.worker.mixing import predicate
from edgewright.backends.onnx.worker.faults import refusal, watched
from edgewright.backends.onnx.worker.precisions import GRAPH_BYTES, graph_of, precisions
from edgewright.backends.openvino.worker.halving import _mark, _rotary
from edgewright.core.recipe.sensitivity import EMBEDDING, HEAD
from edgewright.errors import UnsupportedError, WorkerError


def test_an_allocation_names_bits_and_group_of_each_module():
    chosen = predicate(f"{EMBEDDING}=8g64;model.layers.0.mlp.up_proj=4g32")
    assert chosen("model.embed_tokens", None) == {"bits": 8, "group_size": 64}
    assert chosen("model.layers.0.mlp.up_proj", None) == {"bits": 4, "group_size": 32}
    assert chosen("model.layers.1.mlp.up_proj", None) is False


def test_a_separate_output_matrix_has_a_type_of_its_own():
    chosen = predicate(f"{EMBEDDING}=4g64;{HEAD}=8g64")
    assert chosen("lm_head", None) == {"bits": 8, "group_size": 64}


@pytest.mark.parametrize("fault", [ValueError("bad\nmore"), NotImplementedError("no"), KeyError("k")])
def test_a_builder_that_was_not_written_for_a_model_makes_it_unsupported(fault):
    error = refusal(fault)
    assert isinstance(error, UnsupportedError)
    assert type(fault).__name__ in error.message
    assert "\n" not in error.message


@pytest.mark.parametrize("fault", [None, MemoryError("full")])
def test_any_other_end_without_a_model_is_a_failure_that_is_tried_again(fault):
    assert isinstance(refusal(fault), WorkerError)


def test_the_first_exception_that_olive_logged_is_the_reason():
    def run():
        with watched():
            logger = logging.getLogger("olive")
            try:
                raise TypeError("the real one")
            except TypeError:
                logger.warning("it failed", exc_info=True)
            raise ValueError("a later one about itself")

    with pytest.raises(UnsupportedError, match="TypeError: the real one"):
        run()


def artifact(tmp_path, size):
    (tmp_path / "genai_config.json").write_text(json.dumps({"model": {"decoder": {"filename": "m.onnx"}}}))
    with (tmp_path / "m.onnx").open("wb") as file:
        file.truncate(size)
    return tmp_path


def test_precisions_are_read_from_what_the_build_kept(tmp_path):
    made = artifact(tmp_path, 10)
    kept = {"weights": "int4", "activations": "float32", "kv_cache": "float32"}
    (made / "precisions.json").write_text(json.dumps(kept))
    assert graph_of(made) == made / "m.onnx"
    assert precisions(made) == kept


def test_a_graph_that_holds_weights_is_not_read_while_measuring(tmp_path):
    found = precisions(artifact(tmp_path, GRAPH_BYTES + 1))
    assert set(found) == {"weights", "activations", "kv_cache"}
    assert set(found.values()) == {"not stated by the artifact"}


def layer(name):
    constant = ET.Element("layer", id="1", name=name, type="Const")
    constant.extend([ET.Element("data"), ET.Element("output")])
    return constant


@pytest.mark.parametrize(
    ("name", "rotary"),
    [("__module.model.rotary_emb/aten::matmul", True), ("self.inv_freq", True), ("model.mlp.weight", False)],
)
def test_constants_of_positions_are_known_by_their_names(name, rotary):
    assert _rotary(layer(name)) is rotary


def test_a_constant_is_marked_once_and_in_front_of_its_output():
    constant = layer("inv_freq")
    _mark(constant)
    _mark(constant)
    assert [child.tag for child in constant] == ["data", "rt_info", "output"]
    assert len(constant.find("rt_info")) == 1
