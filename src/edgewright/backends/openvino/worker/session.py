"""A model compiled by OpenVINO: stateful KV cache, raw logits, greedy decoding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgewright.backends.threads import thread_count
from edgewright.core.measurement import Placement
from edgewright.core.recipe import Option
from edgewright.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DEVICE = "CPU"
_PROPERTIES = {
    "execution_mode": "EXECUTION_MODE_HINT",
    "inference_precision": "INFERENCE_PRECISION_HINT",
    "precision_hint": "INFERENCE_PRECISION_HINT",
    "kv_cache": "KV_CACHE_PRECISION",
    "dynamic_quantization_group": "DYNAMIC_QUANTIZATION_GROUP_SIZE",
}
_PROOF = (
    "EXECUTION_DEVICES",
    "EXECUTION_MODE_HINT",
    "INFERENCE_PRECISION_HINT",
    "KV_CACHE_PRECISION",
    "KEY_CACHE_PRECISION",
    "VALUE_CACHE_PRECISION",
    "DYNAMIC_QUANTIZATION_GROUP_SIZE",
    "INFERENCE_NUM_THREADS",
)
_FIRST = "first_logit"
_INT64_MAX = 2**63 - 1


class OpenVinoSession:
    """See `edgewright.ports.Session`."""

    def __init__(self, model: Path, runtime: Mapping[str, Option]) -> None:
        import numpy as np
        import openvino as ov

        self._np = np
        core: Any = ov.Core()
        graph = core.read_model(model)
        self._sliced = _slice_logits(ov, graph)
        self._compiled: Any = core.compile_model(graph, _DEVICE, _properties(runtime))
        del graph  # frees the second view of the weights before anything is computed
        self._request: Any = self._compiled.create_infer_request()
        self._inputs = frozenset(port.get_any_name() for port in self._compiled.inputs)

    @property
    def placement(self) -> Placement:
        """Devices and precisions, as the compiled model's properties and its runtime graph state them."""
        proof = {name: self._read(name) for name in _PROOF}
        layers = _layer_precisions(self._compiled.get_runtime_model())
        proof["FULLY_CONNECTED"] = layers
        keys, values = proof["KEY_CACHE_PRECISION"], proof["VALUE_CACHE_PRECISION"]
        return Placement(
            device=proof["EXECUTION_DEVICES"],
            weights=_stored_weights(layers),
            activations=_activations(proof, layers),
            kv_cache=keys if keys == values else f"keys {keys}, values {values}",
            threads=int(proof["INFERENCE_NUM_THREADS"]),
            proof=proof,
        )

    def score(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Logits after every position, float32."""
        self._request.reset_state()
        logits: NDArray[np.float32] = self._infer(list(ids), 0, first=0).astype(self._np.float32, copy=True)
        return logits

    def generate(self, ids: Sequence[int], tokens: int) -> Iterator[int]:
        """Prefill once, then one inference a token; the cache is the model's own state."""
        self._request.reset_state()
        step, past = list(ids), 0
        for _ in range(tokens):
            logits = self._infer(step, past, first=-1)
            past += len(step)
            step = [int(logits[-1].argmax())]
            yield step[0]

    def close(self) -> None:
        """Drop the compiled model."""
        self._request = None
        self._compiled = None

    def _infer(self, ids: list[int], past: int, *, first: int) -> Any:
        """Logits from position ``first`` of ``ids`` on, shape [positions, vocabulary]; valid until the next call."""
        np = self._np
        end = past + len(ids)
        feed = {
            "input_ids": np.array([ids], np.int64),
            "attention_mask": np.ones((1, end), np.int64),
            "position_ids": np.arange(past, end, dtype=np.int64)[None],
            "beam_idx": np.zeros(1, np.int32),
            _FIRST: np.array([first], np.int64),
        }
        given = {name: value for name, value in feed.items() if name in self._inputs}
        self._request.infer(given, share_inputs=True)
        return self._request.get_tensor("logits").data[0]

    def _read(self, name: str) -> str:
        try:
            value = self._compiled.get_property(name)
        except RuntimeError:
            return "not reported"
        if isinstance(value, list):
            return ", ".join(value)
        return (
            str(value.to_string()) if hasattr(value, "to_string") else str(value).rsplit(".", maxsplit=1)[-1]
        )


def _slice_logits(ov: Any, graph: Any) -> bool:
    """Let the caller say from which position on the output layer computes, through one more input.

    Without it a prefill computes and copies the logits of every prompt token to use the last row; OpenVINO GenAI
    changes the graph in the same way. A graph whose output layer looks different is left as it is.
    """
    logits = graph.output("logits").get_node().input_value(0).get_node()
    if logits.get_type_name() != "MatMul" or len(logits.input_value(0).get_partial_shape()) != 3:
        return False
    ops = ov.opset13
    first = ops.parameter([1], ov.Type.i64, name=_FIRST)
    first.output(0).set_names({_FIRST})
    one = ops.constant([1], ov.Type.i64)
    end = ops.constant([_INT64_MAX], ov.Type.i64)
    hidden = ops.slice(logits.input_value(0), first, end, one, one)
    logits.input(0).replace_source_output(hidden.output(0))
    graph.add_parameters([first])
    graph.validate_nodes_and_infer_types()
    return True


def _properties(runtime: Mapping[str, Option]) -> dict[str, Option]:
    """Runtime options as properties of the CPU plugin; what is not given stays the plugin's default."""
    unknown = set(runtime) - set(_PROPERTIES) - {"threads"}
    if unknown:
        raise UsageError(f"OpenVINO has no runtime option {', '.join(sorted(unknown))}.")
    properties: dict[str, Option] = {
        _PROPERTIES[key]: value for key, value in runtime.items() if key in _PROPERTIES
    }
    properties["INFERENCE_NUM_THREADS"] = thread_count(runtime)
    properties["NUM_STREAMS"] = 1
    return properties


def _layer_precisions(runtime_model: Any) -> str:
    """Kernel and weight precision of the fully connected layers, counted: where the time of a decode step goes."""
    counts: Counter[str] = Counter()
    for node in runtime_model.get_ops():
        info = node.get_rt_info()
        if "layerType" in info and str(info["layerType"].value) == "FullyConnected":
            weights = node.input(1).get_source_output().get_element_type().to_string()
            kernel = str(info["primitiveType"].value)
            activations = node.input(0).get_source_output().get_element_type().to_string()
            counts[f"{kernel} activations {activations} weights {weights}"] += 1
    return "; ".join(f"{count} x {kind}" for kind, count in counts.most_common())


def _stored_weights(layers: str) -> str:
    """The weight types of the fully connected layers, most frequent first."""
    kinds = [part.rsplit(" ", 1)[-1] for part in layers.split("; ") if part]
    return " and ".join(dict.fromkeys(kinds)) or "not reported"


def _activations(proof: Mapping[str, str], layers: str) -> str:
    """The inference precision; 8-bit inside compressed matrices where dynamic quantization is on."""
    precision = proof["INFERENCE_PRECISION_HINT"]
    group = proof["DYNAMIC_QUANTIZATION_GROUP_SIZE"]
    compressed = any(kind in _stored_weights(layers) for kind in ("i4", "u4", "i8", "u8"))
    if compressed and group not in {"0", "not reported"}:
        return f"{precision}, quantized to 8 bits in groups of {group} for compressed matrices"
    return precision
