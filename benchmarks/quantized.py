"""Every quantized build of the demo's model lies where its format puts it: KL divergence to the original within known bounds.

The tests hold one build of each way to quantize against its bounds; here are all that a run starts with.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from benchmarks.checks import Check, finish
from benchmarks.lab import Lab

LIMITS = {
    "openvino/int8": (0.003, 0.02),
    "openvino/int4_sym_g64": (0.15, 0.6),
    "openvino/int4_sym_g128": (0.15, 0.6),
    "openvino/int4_asym_g64": (0.1, 0.5),
    "openvino/int4_asym_g128": (0.1, 0.5),
    "onnx/int8": (0.001, 0.02),
    "onnx/int4": (0.1, 0.5),
    "mlx/int8_g64": (0.0005, 0.01),
    "mlx/int4_g64": (0.2, 0.8),
    "llamacpp/q8_0": (0.001, 0.01),
    "llamacpp/q6_k": (0.003, 0.03),
    "llamacpp/q5_k_m": (0.01, 0.08),
    "llamacpp/q4_k_m": (0.02, 0.12),
    "llamacpp/q4_0": (0.1, 0.5),
}
"""KL divergence to the original in nat per token, bounds around what this model is known to give."""

_CONTEXT = 256
_TOKENS = 512
_MLX_TOKENS = 128
"""MLX has no fast kernels on an x86 processor: it is compared on one short window."""


def main(arguments: Sequence[str]) -> int:
    """Build all of them, and hold each against its bounds."""
    del arguments
    started = time.time()
    lab = Lab()
    checks: list[Check] = []
    for name, (low, high) in LIMITS.items():
        framework, _, build = name.partition("/")
        ids = lab.ids[: _MLX_TOKENS if framework == "mlx" else _TOKENS]
        reference = lab.scores(None, ids, _CONTEXT, keep=True)[1]
        artifact = lab.artifact(framework, build)
        kl = lab.scores(artifact, ids, _CONTEXT, reference=reference)[0].kl_mean
        checks.append(
            Check(
                name=name,
                value=kl,
                unit="nat/token",
                bound=f"{low:g} to {high:g}",
                ok=None if kl is None else low < kl < high,
                note=f"{artifact.manifest.bits_per_weight:.2f} bits per weight",
            )
        )
    return finish("quantized", checks, started)
