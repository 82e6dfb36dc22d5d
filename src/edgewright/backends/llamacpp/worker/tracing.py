"""What comes out of each layer, by the evaluation callback: llama.cpp names those nodes ``l_out-N``."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from edgewright.backends.llamacpp.worker.binding import binding, ggml_function
from edgewright.backends.llamacpp.worker.session import LlamaSession
from edgewright.errors import UnsupportedError

_LAYER = re.compile(r"l_out-(\d+)")


def trace(session: LlamaSession, ids: Sequence[int]) -> dict[int, Any]:
    """Float32 arrays of shape [tokens, hidden size] by layer.

    Raises:
        UnsupportedError: this architecture's graph does not name its layers' outputs.
    """
    nodes = _Outputs(binding())
    session.watch(binding().ggml_backend_sched_eval_callback(nodes.evaluate))
    for _ in session.score(ids):
        pass
    session.close()  # the callback may go only after the context that calls it
    if not nodes.found:
        raise UnsupportedError("llama.cpp does not name the layer outputs of this architecture.")
    width = nodes.width
    return {
        layer: np.concatenate(parts).reshape(-1, width)[: len(ids)] for layer, parts in nodes.found.items()
    }


class _Outputs:
    """Copies the nodes that are layers' outputs; a batch of many tokens is computed in parts."""

    def __init__(self, lib: Any) -> None:
        self.found: dict[int, list[Any]] = {}
        self.width = 0
        self._name = ggml_function(lib, "ggml_get_name", [ctypes.c_void_p], ctypes.c_char_p)
        self._bytes = ggml_function(lib, "ggml_nbytes", [ctypes.c_void_p], ctypes.c_size_t)
        self._elements = ggml_function(lib, "ggml_nrows", [ctypes.c_void_p], ctypes.c_int64)
        copied = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t]
        self._copy = ggml_function(lib, "ggml_backend_tensor_get", copied, None)

    def evaluate(self, tensor: int, ask: bool, data: object) -> bool:  # noqa: FBT001  # the library's signature
        del data
        layer = _LAYER.fullmatch((self._name(tensor) or b"").decode("utf-8", errors="replace"))
        if layer is None:
            return not ask
        if not ask:
            size = int(self._bytes(tensor))
            values = np.empty(size // 4, dtype=np.float32)
            self._copy(tensor, values.ctypes.data, 0, size)
            self.width = len(values) // max(int(self._elements(tensor)), 1)
            self.found.setdefault(int(layer[1]), []).append(values)
        return True
