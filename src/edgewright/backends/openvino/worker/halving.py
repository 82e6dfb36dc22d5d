"""A float32 export stored in float16, but for the constants that positions are computed with.

A rope frequency is multiplied by a position of any size: rounded to float16 it turns distant tokens by another angle, in every
layer. They are few numbers, and stay float32. The weights lose what float16 takes, and nothing else does.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET  # a file that the exporter has just written
from pathlib import Path
from typing import Any

ROTARY = ("rotary", "rope", "inv_freq")
"""Parts of the names that Transformers gives modules which make positions; the graph's nodes are named by them."""

_KEEP = {"name": "DisablePrecisionConversion", "version": "0", "value": "dynamic:f16"}
"""OpenVINO's own mark of a node whose precision matters, as it writes it; its Python interface cannot set it."""


def halve(model: Path, target: Path) -> None:
    """Write the ``model`` (an .xml beside its .bin, float32) at ``target``, with float16 weights; the model's .xml is changed."""
    import openvino as ov

    tree = ET.parse(model)  # noqa: S314  # likewise
    layers = {str(layer.get("id")): layer for layer in tree.iterfind("./layers/layer")}
    for edge in tree.iterfind("./edges/edge"):
        constant, user = (layers[str(edge.get(end))] for end in ("from-layer", "to-layer"))
        if constant.get("type") == "Const" and (_rotary(constant) or _rotary(user)):
            _mark(constant)
    tree.write(model, encoding="utf-8", xml_declaration=True)
    graph: Any = ov.Core().read_model(model)
    ov.save_model(graph, target, compress_to_fp16=True)


def _rotary(layer: ET.Element) -> bool:
    return any(part in str(layer.get("name")) for part in ROTARY)


def _mark(layer: ET.Element) -> None:
    """In front of the layer's output, where OpenVINO looks for such marks."""
    info = layer.find("rt_info")
    if info is None:
        info = ET.Element("rt_info")
        layer.insert(list(layer).index(layer.find("data")) + 1, info)  # type: ignore[arg-type]  # every constant has data
    if all(known.get("name") != _KEEP["name"] for known in info):
        ET.SubElement(info, "attribute", _KEEP)
