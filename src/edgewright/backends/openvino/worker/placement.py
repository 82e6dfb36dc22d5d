"""Where and in what a compiled model runs: its properties, and the layers of its runtime graph."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from edgewright.core.measurement.records import Placement

_PROPERTIES = (
    "EXECUTION_DEVICES",
    "EXECUTION_MODE_HINT",
    "INFERENCE_PRECISION_HINT",
    "KV_CACHE_PRECISION",
    "KEY_CACHE_PRECISION",
    "VALUE_CACHE_PRECISION",
    "DYNAMIC_QUANTIZATION_GROUP_SIZE",
    "INFERENCE_NUM_THREADS",
    "NUM_STREAMS",
)


def shares(core: Any, graph: Any, device: str) -> str:
    """How many of a graph's operators each device takes, where several could; else nothing."""
    if ":" not in device:
        return ""
    taken = Counter(str(name) for name in core.query_model(graph, device).values())
    return "; ".join(f"{count} operators on {name}" for name, count in taken.most_common())


def placement_of(compiled: Any, shared: str = "") -> Placement:
    """Devices and precisions, as the compiled model's properties and its runtime graph state them.

    ``shared`` says how operators were divided among devices; ``threads`` is 0 where the plugin reports none.
    """
    proof = {name: _read(compiled, name) for name in _PROPERTIES}
    if shared:
        proof["SHARES"] = shared
    nodes = [(node, _facts(node)) for node in compiled.get_runtime_model().get_ops()]
    layers = _fully_connected(nodes)
    proof["FULLY_CONNECTED"] = layers
    proof["ATTENTION"] = _attention(nodes)
    proof["LAYERS"] = _all_layers(nodes)
    keys, values = (_cache(proof, name) for name in ("KEY_CACHE_PRECISION", "VALUE_CACHE_PRECISION"))
    return Placement(
        device=proof["EXECUTION_DEVICES"],
        weights=_stored_weights(layers),
        activations=_activations(proof, layers),
        kv_cache=keys if keys == values else f"keys {keys}, values {values}",
        threads=int(threads) if (threads := proof["INFERENCE_NUM_THREADS"]).isdigit() else 0,
        proof=proof,
    )


def _cache(proof: Mapping[str, str], name: str) -> str:
    """A precision of the cache: by its property, which a graph spread over devices has none of, or by the attention layers."""
    found = re.search(r"KV cache (\w+)", proof["ATTENTION"])
    return found[1] if proof[name] == "not reported" and found else proof[name]


def _read(compiled: Any, name: str) -> str:
    try:
        value = compiled.get_property(name)
    except RuntimeError:
        return "not reported"
    if isinstance(value, list):
        return ", ".join(value)
    return str(value.to_string()) if hasattr(value, "to_string") else str(value).rsplit(".", maxsplit=1)[-1]


def _facts(node: Any) -> dict[str, str]:
    """What the plugin says of a layer: ``layerType``, ``primitiveType`` (its kernel), ``runtimePrecision`` and more."""
    info = node.get_rt_info()
    return {name: str(info[name].value) for name in info}


Nodes = list[tuple[Any, dict[str, str]]]


def _fully_connected(nodes: Nodes) -> str:
    """Kernel, input and weight precision of the fully connected layers: where the time of a decode step goes."""
    counts: Counter[str] = Counter()
    for node, facts in nodes:
        if facts.get("layerType") == "FullyConnected":
            activations, weights = (_source_type(node, port) for port in (0, 1))
            counts[f"{facts['primitiveType']} activations {activations} weights {weights}"] += 1
    return _said(counts)


def _attention(nodes: Nodes) -> str:
    """Kernel, precision and cache of the fused attention layers; a graph without them computes it in matrix products."""
    counts: Counter[str] = Counter()
    for _, facts in nodes:
        kind = facts.get("layerType", "")
        if "Attention" in kind:
            cache = facts.get("kv_cache_precision", "not reported")
            counts[f"{kind} {facts['primitiveType']} KV cache {cache}"] += 1
    return _said(counts) or "no fused attention layer"


def _all_layers(nodes: Nodes) -> str:
    """Every layer that computes, by type and precision."""
    kinds = (
        f"{facts['layerType']} {facts.get('runtimePrecision', '')}"
        for _, facts in nodes
        if "layerType" in facts
    )
    return _said(Counter(kind.strip() for kind in kinds if not kind.startswith(("Const", "Input", "Output"))))


def _said(counts: Counter[str]) -> str:
    return "; ".join(f"{count} x {kind}" for kind, count in counts.most_common())


def _source_type(node: Any, port: int) -> str:
    return str(node.input(port).get_source_output().get_element_type().to_string())


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
