"""The output layer computes at the last position only, as text generation needs; for scoring, at every one.

The model builder's graph computes the logits of every token of a prompt, and GenAI reads the last row. At 128 tokens and a
vocabulary of 49,152 that was a sixth of a prefill, and 24 MB of buffers, or two or three times that by chance of how the C
library finds room for them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgewright.backends.onnx.worker.precisions import GRAPH_BYTES

_LAST = "/lm_head/last_position/Slice"
_LOGITS = "logits"
_POSITIONS = "sequence_length"
"""The model builder's name of the dimension."""
_INT64_MAX = 2**63 - 1
_NORM = "Normalization"
"""How the type of the node ends that the output layer reads from, whatever kind of norm it is."""


def keep_last_logits(path: Path) -> bool:
    """Cut the graph's hidden states down to the last position before its output layer; False: it looks otherwise, and stays."""
    import onnx

    model = onnx.load(str(path), load_external_data=False)
    graph = model.graph
    hidden, after = _output_layer(graph)
    if not hidden:
        return False
    last = f"{_LAST}/output_0"
    first_reader = next(index for index, node in enumerate(graph.node) if hidden in node.input)
    _reconnect(graph, hidden, last)
    ports = []
    for name, value in (("start", -1), ("end", _INT64_MAX), ("axis", 1)):
        ports.append(f"{_LAST}/{name}")
        graph.initializer.append(onnx.helper.make_tensor(ports[-1], onnx.TensorProto.INT64, [1], [value]))
    cut = onnx.helper.make_node("Slice", [hidden, *ports], [last], name=_LAST)
    graph.node.insert(first_reader, cut)
    _forget_shapes(graph, after)
    _positions(graph).dim_value = 1
    onnx.save(model, str(path))
    return True


def spares_logits(path: Path) -> bool:
    """Whether the graph has that cut; found without reading it as a graph, which would cost memory."""
    return path.stat().st_size <= GRAPH_BYTES and _LAST.encode() in path.read_bytes()


def every_logit(path: Path) -> bytes:
    """The same graph without that cut, its weights still in their file."""
    import onnx

    model = onnx.load(str(path), load_external_data=False)
    graph = model.graph
    cut = next(node for node in graph.node if node.name == _LAST)
    graph.node.remove(cut)
    for bound in [tensor for tensor in graph.initializer if tensor.name in cut.input]:
        graph.initializer.remove(bound)
    _reconnect(graph, cut.output[0], cut.input[0])
    _positions(graph).dim_param = _POSITIONS
    whole: bytes = model.SerializeToString()
    return whole


def _output_layer(graph: Any) -> tuple[str, list[Any]]:
    """The hidden states that logits come from, as the last norm leaves them, and the nodes from there on."""
    makers = {output: node for node in graph.node for output in node.output}
    after: list[Any] = []
    name = _LOGITS
    while (node := makers.get(name)) is not None:
        if node.op_type.endswith(_NORM):
            return name, after
        after.append(node)
        name = next((given for given in node.input if given in makers), "")
    return "", []


def _reconnect(graph: Any, old: str, new: str) -> None:
    """Every node that reads one tensor reads the other."""
    for node in graph.node:
        for index, name in enumerate(node.input):
            if name == old:
                node.input[index] = new


def _positions(graph: Any) -> Any:
    """The dimension of the logits that counts positions."""
    logits = next(port for port in graph.output if port.name == _LOGITS)
    return logits.type.tensor_type.shape.dim[1]


def _forget_shapes(graph: Any, nodes: list[Any]) -> None:
    """Shapes that were noted down of what these nodes compute; ONNX Runtime infers them."""
    computed = {output for node in nodes for output in node.output}
    kept = [noted for noted in graph.value_info if noted.name not in computed]
    del graph.value_info[:]
    graph.value_info.extend(kept)
