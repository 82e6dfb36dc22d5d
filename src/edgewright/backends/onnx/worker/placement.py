"""Where an ONNX graph runs: execution providers, and the proof that a claimed one runs all of it.

Asked for after the computation, because what is imported here counts in the memory that is measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from edgewright.backends.onnx.worker.webgpu import gpu_proof

_CPU = "CPUExecutionProvider"


def providers_proof(graph: Path, config: Mapping[str, Any], *, gpu: bool) -> dict[str, str]:
    """The providers that genai_config.json asks for and the wheel holds, and whether any work falls back to the CPU.

    With ``gpu`` the session was told to run on the WebGPU plugin instead.
    """
    import onnxruntime as ort

    versions = {name: version(name) for name in ("onnxruntime", "onnxruntime-genai")}
    if gpu:
        return {**gpu_proof(graph), "onnxruntime-ep-webgpu": version("onnxruntime-ep-webgpu"), **versions}

    available = ort.get_available_providers()
    listed = config["model"]["decoder"].get("session_options", {}).get("provider_options", [])
    asked = [_full_name(name, available) for entry in listed for name in entry]
    return {
        "providers": ", ".join([*asked, _CPU]),
        "available_providers": ", ".join(available),
        "cpu_fallback": _probe(graph, asked) if asked else f"none possible: {_CPU} is the only one requested",
        **versions,
    }


def _full_name(name: str, available: Sequence[str]) -> str:
    """GenAI's short name of a provider ("cuda") as ONNX Runtime lists it."""
    return next((known for known in available if known.lower().startswith(name.lower())), name)


def _probe(graph: Path, asked: Sequence[str]) -> str:
    """Load the graph with CPU fallback forbidden; what came of it, in words."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    try:
        ort.InferenceSession(graph, options, providers=list(asked))
    except Exception as error:  # noqa: BLE001  # ONNX Runtime's errors share no base class
        return f"used: the graph does not load without it ({str(error).splitlines()[0]})"
    return f"none: the graph loads on {', '.join(asked)} when fallback is forbidden"
