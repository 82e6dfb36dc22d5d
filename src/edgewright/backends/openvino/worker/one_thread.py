"""What OpenVINO's bfloat16 does with AMX where a stream has one thread: it divides by zero, and the process ends.

Seen with 2026.4 on Xeons with AMX, for language models only; bfloat16 is the plugin's own choice there. Float32 and float16
are not touched by it (https://github.com/openvinotoolkit/openvino/issues/33300).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgewright.core.recipe.recipes import Option
from edgewright.errors import UnsupportedError

_PRECISION = "INFERENCE_PRECISION_HINT"


def safe_precision(
    properties: Mapping[str, Option], cpuinfo: Path = Path("/proc/cpuinfo")
) -> dict[str, Option]:
    """The properties to add to these of a CPU session: float32 where the plugin's own choice would end the process.

    Raises:
        UnsupportedError: bfloat16 is asked for by name.
    """
    threads, streams = int(properties["INFERENCE_NUM_THREADS"]), int(properties["NUM_STREAMS"])
    asked = properties.get(_PRECISION)
    chosen = asked is None and properties.get("EXECUTION_MODE_HINT") != "ACCURACY"
    if threads // streams > 1 or not (chosen or asked == "bf16") or not _has_amx(cpuinfo):
        return {}
    if asked:
        raise UnsupportedError(
            "OpenVINO's bfloat16 crashes on processors with AMX where a stream has one thread.",
            hint="Give each stream two threads or more, or ask for f32 or f16.",
        )
    return {_PRECISION: "f32"}


def _has_amx(cpuinfo: Path) -> bool:
    """False also where the system does not say (only Linux has the file)."""
    return cpuinfo.is_file() and " amx_bf16" in cpuinfo.read_text(encoding="utf-8", errors="replace")
