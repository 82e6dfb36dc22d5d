"""The processor and those of its instruction sets that inference kernels use."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil

from edgewright.core.device.host import Cpu

# name here -> names in /proc/cpuinfo (x86 flags, ARM features), in macOS' sysctl, in numpy's own detection
_FEATURES = {
    "AVX2": ("avx2", "hw.optional.avx2_0", "AVX2"),
    "FMA": ("fma", "hw.optional.fma", "FMA3"),
    "F16C": ("f16c", "hw.optional.f16c", "F16C"),
    "AVX-512": ("avx512f", "hw.optional.avx512f", "AVX512F"),
    "AVX-VNNI": ("avx_vnni", "", ""),
    "AVX512-VNNI": ("avx512_vnni", "", "AVX512VNNI"),
    "AVX512-BF16": ("avx512_bf16", "", ""),
    "AVX512-FP16": ("avx512_fp16", "", "AVX512FP16"),
    "AMX-INT8": ("amx_int8", "", ""),
    "AMX-BF16": ("amx_bf16", "", ""),
    "NEON": ("asimd", "hw.optional.neon", "NEON"),
    "DOTPROD": ("asimddp", "hw.optional.arm.FEAT_DotProd", "ASIMDDP"),
    "FP16": ("asimdhp", "hw.optional.arm.FEAT_FP16", "ASIMDHP"),
    "BF16": ("bf16", "hw.optional.arm.FEAT_BF16", ""),
    "I8MM": ("i8mm", "hw.optional.arm.FEAT_I8MM", ""),
    "SVE": ("sve", "", "SVE"),
    "SVE2": ("sve2", "", ""),
    "SME": ("sme", "hw.optional.arm.FEAT_SME", ""),
}


def read_cpu(usable: int) -> Cpu:
    """What the system says of its processor."""
    fields = _cpuinfo()
    frequency = psutil.cpu_freq() if hasattr(psutil, "cpu_freq") else None
    return Cpu(
        model=_model(fields),
        architecture=platform.machine(),
        vendor=fields.get("vendor_id") or vendor_of(platform.system(), _sysctl, platform.processor()),
        physical_cores=psutil.cpu_count(logical=False) or 0,
        logical_cores=psutil.cpu_count(logical=True) or 0,
        usable_cores=usable,
        features=_features(fields),
        max_mhz=frequency.max or None if frequency else None,
        last_level_cache_bytes=_last_level_cache(),
    )


def vendor_of(system: str, sysctl: Callable[[str], str], identifier: str) -> str:
    """The maker where there is no /proc/cpuinfo, spelled as x86 spells it (GenuineIntel), or Apple.

    Windows' ``identifier`` is "Intel64 Family 6 Model 158 Stepping 10, GenuineIntel".
    """
    if system == "Darwin":
        apple = "Apple" in sysctl(
            "machdep.cpu.brand_string"
        )  # under Rosetta too, which claims Intel as the vendor
        return "Apple" if apple else sysctl("machdep.cpu.vendor") or "unknown"
    if system == "Windows":
        return identifier.rpartition(", ")[2] if ", " in identifier else "unknown"
    return "unknown"


def _cpuinfo() -> dict[str, str]:
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {}
    fields: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip(), value.strip())
    return fields


def _model(fields: dict[str, str]) -> str:
    if fields.get("model name"):
        return fields["model name"]
    if platform.system() == "Darwin":
        return _sysctl("machdep.cpu.brand_string") or platform.processor()
    board = Path("/proc/device-tree/model")
    if board.exists():
        return board.read_text(encoding="ascii", errors="replace").strip("\0\n ")
    return platform.processor() or platform.machine()


def _features(fields: dict[str, str]) -> tuple[str, ...]:
    flags = set((fields.get("flags") or fields.get("Features") or "").split())
    if flags:
        return tuple(name for name, (flag, _, _) in _FEATURES.items() if flag in flags)
    if platform.system() == "Darwin":
        return tuple(name for name, (_, key, _) in _FEATURES.items() if key and _sysctl(key) == "1")
    return _features_by_numpy()


def _features_by_numpy() -> tuple[str, ...]:
    from numpy._core._multiarray_umath import __cpu_features__ as seen  # noqa: PLC0415  # Windows only

    return tuple(name for name, (_, _, key) in _FEATURES.items() if key and seen.get(key))


def _last_level_cache() -> int | None:
    sizes = []
    for path in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        text = path.read_text(encoding="ascii").strip()
        scale = {"K": 1024, "M": 1024**2}.get(text[-1], 1)
        sizes.append(int(text.rstrip("KM")) * scale)
    if sizes:
        return max(sizes)
    told = _sysctl("hw.l2cachesize") if platform.system() == "Darwin" else ""
    return int(told) if told else None


def _sysctl(name: str) -> str:
    try:
        done = subprocess.run(["sysctl", "-n", name], capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
