"""A model compiled by OpenVINO: stateful KV cache, raw logits, greedy decoding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgewright.backends.openvino.worker.one_thread import safe_precision
from edgewright.backends.openvino.worker.placement import placement_of, shares
from edgewright.backends.options import COUNT, Kind, check_options
from edgewright.backends.pieces import rows_at_once
from edgewright.backends.threads import thread_count
from edgewright.core.measurement.records import Placement
from edgewright.core.recipe.recipes import Option
from edgewright.errors import UnsupportedError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CPU = "CPU"
_DEVICES = (_CPU, "GPU", "NPU", "HETERO:GPU,CPU", "HETERO:NPU,CPU")
"""Where a graph can run. HETERO gives each operator to the first device that has it."""

_PROPERTIES = {
    "execution_mode": "EXECUTION_MODE_HINT",
    "performance_hint": "PERFORMANCE_HINT",
    "streams": "NUM_STREAMS",
    "inference_precision": "INFERENCE_PRECISION_HINT",
    "precision_hint": "INFERENCE_PRECISION_HINT",
    "kv_cache": "KV_CACHE_PRECISION",
    "dynamic_quantization_group": "DYNAMIC_QUANTIZATION_GROUP_SIZE",
}
_FLOATS = ("f32", "bf16", "f16")
_OPTIONS: dict[str, Kind] = {
    "device": _DEVICES,
    "threads": COUNT,
    "execution_mode": ("ACCURACY", "PERFORMANCE"),
    "performance_hint": ("LATENCY", "THROUGHPUT"),
    "streams": COUNT,
    "inference_precision": _FLOATS,
    "precision_hint": _FLOATS,
    "kv_cache": (*_FLOATS, "u8", "u4"),
    "dynamic_quantization_group": range(2**31),
}
_FIRST = "first_logit"
_COMPRESSED = ("u8", "i8", "u4", "i4")
_COMPRESSED_ROWS = 64
_INT64_MAX = 2**63 - 1
_LARGEST_VOCABULARY = 2**18


class OpenVinoSession:
    """See `edgewright.ports.Session`. With ``profile`` the plugin counts the time of every node."""

    def __init__(self, model: Path, runtime: Mapping[str, Option], *, profile: bool = False) -> None:
        import numpy as np
        import openvino as ov

        device = str(runtime.get("device", _CPU))
        properties = {**_properties(runtime, device), "PERF_COUNT": profile}
        self._np = np
        core: Any = ov.Core()
        _demand_devices(core, device)
        graph = core.read_model(model)
        _demand_stateful(graph, model)
        self._vocabulary = _vocabulary(graph)
        slice_logits(ov, graph)
        self._shares = shares(core, graph, device)
        self._compiled: Any = core.compile_model(graph, device, properties)
        del graph  # frees the second view of the weights before anything is computed
        if (streams := int(runtime.get("streams", 1))) > 1:
            _demand_streams(self.placement, streams)
        self._request: Any = self._compiled.create_infer_request()
        self._inputs = frozenset(port.get_any_name() for port in self._compiled.inputs)

    @property
    def placement(self) -> Placement:
        """See `placement`."""
        return placement_of(self._compiled, self._shares)

    def score(self, ids: Sequence[int]) -> Iterator[NDArray[np.float32]]:
        """Logits after every position, float32.

        Within one inference attention takes keys and values as they were computed; only what earlier inferences left is
        read from the cache. A compressed cache is thus scored in short pieces, or its loss would not be seen.
        """
        self._request.reset_state()
        rows = rows_at_once(self._vocabulary)
        if any(kind in self.placement.kv_cache for kind in _COMPRESSED):
            rows = min(rows, _COMPRESSED_ROWS)
        for past in range(0, len(ids), rows):
            logits = self._infer([ids[past : past + rows]], past, first=0)
            yield logits[0].astype(self._np.float32, copy=True)

    def generate(self, ids: Sequence[int], tokens: int) -> Iterator[int]:
        """Prefill once, then one inference a token; the cache is the model's own state."""
        for (token,) in self.generate_batch([ids], tokens):
            yield token

    def generate_batch(self, prompts: Sequence[Sequence[int]], tokens: int) -> Iterator[tuple[int, ...]]:
        """As `generate`, the prompts in the batch dimension, each on its own row of the state."""
        self._request.reset_state()
        step, past = prompts, 0
        for _ in range(tokens):
            logits = self._infer(step, past, first=-1)
            past += len(step[0])
            current = tuple(logits[:, -1].argmax(axis=-1).tolist())
            step = [[token] for token in current]
            yield current

    def profiling_info(self) -> Any:
        """What the plugin has counted so far, node by node."""
        return self._request.profiling_info

    def close(self) -> None:
        """Drop the compiled model."""
        self._request = None
        self._compiled = None

    def _infer(self, rows: Sequence[Sequence[int]], past: int, *, first: int) -> Any:
        """Logits from position ``first`` of each row on, shape [rows, positions, vocabulary]; valid until the next call."""
        np = self._np
        batch, end = len(rows), past + len(rows[0])
        feed = {
            "input_ids": np.array(rows, np.int64),
            "attention_mask": np.ones((batch, end), np.int64),
            "position_ids": np.tile(np.arange(past, end, dtype=np.int64), (batch, 1)),
            "beam_idx": np.arange(batch, dtype=np.int32),
            _FIRST: np.array([first], np.int64),
        }
        given = {name: value for name, value in feed.items() if name in self._inputs}
        self._request.infer(given, share_inputs=True)
        return self._request.get_tensor("logits").data


def _demand_stateful(graph: Any, model: Path) -> None:
    """Other tools also export graphs without a cache, or with one that the caller hands from step to step.

    Raises:
        UnsupportedError: it is such a graph.
    """
    inputs = {name for port in graph.inputs for name in port.get_names()}
    outputs = {name for port in graph.outputs for name in port.get_names()}
    if "logits" not in outputs or "input_ids" not in inputs or not graph.get_sinks():
        raise UnsupportedError(
            f"{model.parent.name} is not a stateful text-generation model (one that keeps its own KV cache).",
            hint="Export it as text-generation-with-past, stateful (the default of Optimum Intel).",
        )


def _vocabulary(graph: Any) -> int:
    """The logits' last dimension; where the graph leaves it open, as large as vocabularies get."""
    size = graph.output("logits").get_partial_shape()[-1]
    return int(size.get_length()) if size.is_static else _LARGEST_VOCABULARY


def slice_logits(ov: Any, graph: Any) -> None:
    """Let the caller say from which position on the output layer computes, through one more input.

    Without it a prefill computes and copies the logits of every prompt token to use the last row; OpenVINO GenAI
    changes the graph in the same way. A graph whose output layer looks different is left as it is.
    """
    logits = graph.output("logits").get_node().input_value(0).get_node()
    if logits.get_type_name() != "MatMul" or len(logits.input_value(0).get_partial_shape()) != 3:
        return
    ops = ov.opset13
    first = ops.parameter([1], ov.Type.i64, name=_FIRST)
    first.output(0).set_names({_FIRST})
    one = ops.constant([1], ov.Type.i64)
    end = ops.constant([_INT64_MAX], ov.Type.i64)
    hidden = ops.slice(logits.input_value(0), first, end, one, one)
    logits.input(0).replace_source_output(hidden.output(0))
    graph.add_parameters([first])
    graph.validate_nodes_and_infer_types()


def _demand_devices(core: Any, device: str) -> None:
    """Raises UnsupportedError where OpenVINO does not see a device that is asked for."""
    seen = {name.partition(".")[0] for name in core.available_devices}
    missing = [name for name in device.rpartition(":")[2].split(",") if name not in seen]
    if missing:
        raise UnsupportedError(
            f"OpenVINO finds no {' and no '.join(missing)} on this machine.",
            hint=f"It finds {', '.join(sorted(seen))}; a GPU or NPU needs its driver.",
        )


def _demand_streams(placement: Placement, asked: int) -> None:
    """The plugin quietly makes fewer streams than it is asked for where the processor has no core for each.

    Raises:
        UnsupportedError: it did.
    """
    made = placement.proof["NUM_STREAMS"]
    if made.isdigit() and int(made) < asked:
        raise UnsupportedError(
            f"OpenVINO can create only {made} of the {asked} requested streams: each stream needs its own "
            "core and thread.",
            hint="Request fewer streams, or remove the option.",
        )


def _properties(runtime: Mapping[str, Option], device: str) -> dict[str, Option]:
    """Runtime options as properties of the plugin; what is not given stays the plugin's default."""
    check_options("OpenVINO", runtime, _OPTIONS)
    properties: dict[str, Option] = {
        _PROPERTIES[key]: value for key, value in runtime.items() if key in _PROPERTIES
    }
    if device == _CPU:
        properties["INFERENCE_NUM_THREADS"] = thread_count(runtime)
        properties.setdefault("NUM_STREAMS", 1)
        properties |= safe_precision(properties)
    return properties
