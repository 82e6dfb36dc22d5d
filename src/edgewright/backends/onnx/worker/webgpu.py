"""ONNX Runtime's WebGPU provider, a plugin: any GPU with a Vulkan, Metal or Direct3D 12 driver."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from edgewright.errors import UnsupportedError

_NAME = "WebGPU"
"""As GenAI calls it."""

_MAKERS = {0x10DE: "NVIDIA", 0x1002: "AMD", 0x8086: "Intel"}
"""PCI's numbers."""

_HINT = (
    "It needs a GPU and its driver; on Linux the Vulkan loader too (Debian: libvulkan1). "
    "Without the runtime option the build runs on the processor."
)


def load_on_gpu(og: Any, config: Any) -> Any:
    """GenAI's model, on the GPU; operators that the plugin lacks stay on the processor.

    Raises:
        UnsupportedError: there is no GPU that ONNX Runtime and the plugin see.
    """
    try:
        _register(og)
        config.clear_providers()
        config.append_provider(_NAME)
        return og.Model(config)
    except RuntimeError as error:
        message = str(error).strip().splitlines()[0]
        raise UnsupportedError(
            f'ONNX Runtime finds no GPU for WebGPU; its message is "{message}"', hint=_HINT
        ) from error


@cache
def _register(og: Any) -> None:
    """Once a process: GenAI refuses the same library a second time."""
    from onnxruntime_ep_webgpu import get_ep_name, get_library_path

    og.register_execution_provider_library(get_ep_name(), get_library_path())


def on_gpu(activations: str) -> str:
    """What a graph computes in, there: how compressed matrices are multiplied depends on what the GPU can do."""
    computed, rounded, _ = activations.partition(",")
    return f"{computed}, in compressed matrices as the provider chooses" if rounded else computed


def gpu_proof(graph: Path) -> dict[str, str]:
    """Which of the graph's operators ONNX Runtime leaves on the processor: the graph is loaded once more, and asked."""
    import onnxruntime as ort
    from onnxruntime_ep_webgpu import get_ep_name, get_library_path

    # GenAI's ONNX Runtime is another instance than the one that Python imports.
    ort.register_execution_provider_library(get_ep_name(), get_library_path())
    device = next(device for device in ort.get_ep_devices() if device.ep_name == get_ep_name())
    options = ort.SessionOptions()
    options.log_severity_level = 3  # it would warn of each operator that is named here
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    options.add_provider_for_devices([device], {})
    session = ort.InferenceSession(graph, options)
    left = Counter(
        node.op_type
        for part in session.get_provider_graph_assignment_info()
        if part.ep_name != get_ep_name()
        for node in part.get_nodes()
    )
    named = ", ".join(f"{kind} ({count})" for kind, count in left.most_common())
    return {"gpu": _described(device), "cpu_fallback": named or "none"}


def _described(device: Any) -> str:
    """The GPU as ONNX Runtime knows it; some drivers give it numbers and no names."""
    hardware = device.device
    facts = {**hardware.metadata, **device.ep_metadata}
    maker = str(hardware.vendor) or _MAKERS.get(hardware.vendor_id, f"vendor {hardware.vendor_id:#06x}")
    known = [
        maker,
        facts.get("Description") or f"device {hardware.device_id:#06x}",
        facts.get("pci_bus_id", ""),
    ]
    return " ".join(filter(None, known))
