"""Changes tensors of a safetensors file without any framework: float32 arrays by name, in place."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def rewrite_tensors(file: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Read a file of float32 tensors, change them, and write it again with the same names and shapes."""
    raw = file.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    body = bytearray(raw[8 + length :])
    rows = {name: row for name, row in header.items() if name != "__metadata__"}
    tensors = {
        name: np.frombuffer(bytes(body[slice(*row["data_offsets"])]), dtype="<f4").reshape(row["shape"])
        for name, row in rows.items()
    }
    change(tensors)
    for name, row in rows.items():
        body[slice(*row["data_offsets"])] = np.asarray(tensors[name], dtype="<f4").tobytes()
    file.write_bytes(raw[: 8 + length] + bytes(body))
