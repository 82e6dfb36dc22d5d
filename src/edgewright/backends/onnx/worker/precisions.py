"""What a GenAI artifact computes in, read from its graph (not its weights), and the file that a build keeps it in.

Reading the graph while measuring would cost memory, so a build reads it once. An artifact that another tool made has no
such file; then the graph is read when the placement is asked for, unless the weights lie in the same file.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

_FILE = "precisions.json"
_CONFIG = "genai_config.json"
_UNKNOWN = "not stated by the artifact"
GRAPH_BYTES = 64 * 2**20
"""A graph file larger than this holds weights."""


def config_of(artifact: Path) -> dict[str, Any]:
    """The content of genai_config.json."""
    config: dict[str, Any] = json.loads((artifact / _CONFIG).read_text(encoding="utf-8"))
    return config


def graph_of(artifact: Path) -> Path:
    """The decoder's graph; tools call it differently."""
    return artifact / str(config_of(artifact)["model"]["decoder"]["filename"])


def keep_precisions(artifact: Path) -> None:
    """Write down what the graph computes in."""
    text = json.dumps(_read(graph_of(artifact)), indent=1) + "\n"
    (artifact / _FILE).write_text(text, encoding="utf-8")


def precisions(artifact: Path) -> dict[str, str]:
    """Precisions of ``weights``, ``activations`` and ``kv_cache``: as kept, else from the graph, else unknown."""
    if (artifact / _FILE).is_file():
        kept: dict[str, str] = json.loads((artifact / _FILE).read_text(encoding="utf-8"))
        return kept
    graph = graph_of(artifact)
    if graph.stat().st_size > GRAPH_BYTES:
        return dict.fromkeys(("weights", "activations", "kv_cache"), _UNKNOWN)
    return _read(graph)


def _read(model: Path) -> dict[str, str]:
    import onnx

    graph = onnx.load(str(model), load_external_data=False).graph
    stored = {tensor.name: tensor.data_type for tensor in graph.initializer}
    kinds: Counter[str] = Counter()
    levels: set[int] = set()
    for node in graph.node:
        given = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "MatMulNBits":
            levels.add(int(given.get("accuracy_level", 0)))
            kinds[f"int{given['bits']} in blocks of {given['block_size']}"] += 1
        elif node.op_type in {"MatMul", "Gemm", "MatMulInteger"} and node.input[1] in stored:
            kinds[_name(stored[node.input[1]])] += 1
    cache = [_name(p.type.tensor_type.elem_type) for p in graph.output if p.name.startswith("present")]
    logits = [_name(p.type.tensor_type.elem_type) for p in graph.output if p.name == "logits"]
    computed = logits[0] if logits else _UNKNOWN
    # MatMulNBits at accuracy level 4 quantizes its input to 8 bits; at any other level it computes in floats.
    rounded = ", quantized to 8 bits for compressed matrices" if 4 in levels else ""
    weights = ", ".join(f"{kind} ({count} matrices)" for kind, count in kinds.most_common())
    return {
        "weights": weights or _UNKNOWN,
        "activations": computed + rounded,
        "kv_cache": cache[0] if cache else _UNKNOWN,
    }


def _name(kind: int) -> str:
    import onnx

    name = str(onnx.TensorProto.DataType.Name(kind)).lower()
    return {"float": "float32"}.get(name, name)
