"""Loads llama-cpp-python's ctypes declarations and the library under them. Imported in the toolchain's environment only."""

from __future__ import annotations

import ctypes
import importlib
import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgewright.errors import ToolchainError

if TYPE_CHECKING:
    from collections.abc import Callable

LIBRARY_VARIABLE = "LLAMA_CPP_LIB_PATH"
"""Read by llama-cpp-python itself: the directory of libllama."""

_TOLD = ("offload", "buffer size", "Flash Attention")
"""What llama.cpp logs of placement; it has no calls that say the same."""
_DEBUG, _ERROR, _CONTINUED = 1, 4, 5
"""Of enum ggml_log_level."""


@cache
def binding() -> Any:
    """The module ``llama_cpp.llama_cpp``, its library started.

    Raises:
        ToolchainError: the library is missing, or older or newer than the declarations.
    """
    try:
        module = importlib.import_module("llama_cpp.llama_cpp")
    except (ImportError, AttributeError, OSError, RuntimeError) as error:
        where = os.environ.get(LIBRARY_VARIABLE, "its own folder")
        raise ToolchainError(
            f"llama-cpp-python cannot use the llama.cpp library in {where}: {str(error).splitlines()[0]}.",
            hint="Install the toolchain without LLAMA_CPP_HOME, so that it compiles a matching library.",
        ) from error
    module.llama_backend_init()
    return module


class PlacementLog:
    """Passes llama.cpp's log on to stderr and keeps the lines that say what lies where."""

    def __init__(self, lib: Any) -> None:
        self.lines: list[str] = []
        self.errors: list[str] = []
        self._part = ""
        self._level = 0
        # The library keeps only a bare pointer: this reference keeps the callback alive.
        self._callback = lib.llama_log_callback(self._write)
        lib.llama_log_set(self._callback, ctypes.c_void_p(0))

    def _write(self, level: int, text: bytes | None, user_data: object) -> None:
        del user_data
        # A continuation has the level of what it continues; debug lines are many and say nothing here.
        self._level = self._level if level == _CONTINUED else level
        if self._level == _DEBUG:
            return
        message = (text or b"").decode("utf-8", errors="replace")
        sys.stderr.write(message)
        *lines, self._part = (self._part + message).split("\n")
        if self._level == _ERROR:
            self.errors += [line.strip() for line in lines if line.strip()]
        self.lines += [line.strip() for line in lines if any(word in line for word in _TOLD)]


def text_of(lib_call: Callable[[], bytes | None]) -> str:
    """A C string as text; empty where the library has none."""
    return (lib_call() or b"").decode("utf-8", errors="replace").strip()


def operator_name(lib: Any, tensor: int) -> str:
    """The operator of a node as ggml names it, by the node's address. The binding declares llama.h only, not ggml.h."""
    describe = _describe(lib)
    return str(describe(tensor).decode())


@cache
def _describe(lib: Any) -> Any:
    return ggml_function(lib, "ggml_op_desc", [ctypes.c_void_p], ctypes.c_char_p)


def ggml_function(lib: Any, name: str, arguments: list[Any], result: Any) -> Any:
    """A function of ggml, with its types declared."""
    library = lib._lib  # noqa: SLF001  # the loaded libllama
    if sys.platform == "win32":  # elsewhere a library answers for what it is linked with, too
        library = ctypes.CDLL(str(Path(library._name).with_name("ggml-base.dll")))  # noqa: SLF001
    function = getattr(library, name)
    function.argtypes, function.restype = arguments, result
    return function
