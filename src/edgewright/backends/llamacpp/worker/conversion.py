"""Runs llama.cpp's converter and quantizer as processes, and reads what they wrote.

Law: a file that is there after exit status 0 and that the reader can open is a result; nothing else is.
"""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgewright.errors import EdgewrightError, InputError, ResourceError, ToolchainError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

BIN_VARIABLE = "EDGEWRIGHT_LLAMA_CPP_BIN"
SOURCE_VARIABLE = "EDGEWRIGHT_LLAMA_CPP_SRC"
WEIGHTS = "model.gguf"

_KEPT_LINES = 60
_WINDOW = 512
_ANOTHER = "Build this model with another framework."
_REPAIR = "Repair the source directory."
_REFUSALS: tuple[tuple[str, type[EdgewrightError], str, str], ...] = (
    (
        "/tokenizer.model",
        UnsupportedError,
        "The converter of llama.cpp reads the vocabulary of this architecture from a tokenizer.model only",
        "Add the model's tokenizer.model, where it has one, or build it with another framework.",
    ),
    (
        "is not supported",
        UnsupportedError,
        "The converter of llama.cpp does not support this architecture",
        _ANOTHER,
    ),
    (
        "Failed to detect model architecture",
        InputError,
        "The file config.json names no architecture",
        _REPAIR,
    ),
    (
        "pre-tokenizer was not recognized",
        UnsupportedError,
        "llama.cpp does not support this tokenizer",
        _ANOTHER,
    ),
    (
        "Can not map tensor",
        UnsupportedError,
        "The converter of llama.cpp does not recognize a weight",
        _ANOTHER,
    ),
    ("Missing tensors", InputError, "Weights are missing", _REPAIR),
    ("Tokenizer class", InputError, "The tokenizer cannot be loaded", _REPAIR),
    ("No space left", ResourceError, "The disk is full", "Free some space."),
    ("JSONDecodeError", InputError, "A JSON file is damaged", _REPAIR),
    ("SafetensorError", InputError, "A weight file is damaged", _REPAIR),
    ("mmap length is greater", InputError, "A weight file is cut short", _REPAIR),
    ("FileNotFoundError", InputError, "A file is missing", _REPAIR),
)
"""What the converter writes when it refuses, and what that means here: error, cause, next step."""

_UNPREPARED = (
    "AssertionError",
    "AttributeError",
    "IndexError",
    "KeyError",
    "NotImplementedError",
    "RuntimeError: The size of tensor",
    "RuntimeError: shape",
    "TypeError",
    "ValueError",
)
"""What the converter raises where a configuration or a weight is not what it was written for."""

_FLOATS = frozenset({"F32", "F16", "BF16"})
_FAULT = re.compile(r"(?:ERROR:[\w-]+:|[\w.]+(?:Error|Exception): )")
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "tekken.json")
_SUPER_BLOCK = 256
"""Weights in a super-block of a k-quant; llama-quantize takes another type for rows that are no multiple."""


@dataclass(frozen=True, kw_only=True)
class StoredType:
    """The tensors of one type in a GGUF file; ``uneven`` counts the weights in rows that no k-quant can hold."""

    name: str
    tensors: int
    weights: int
    uneven: int


def convert(source: Path, target: Path, kind: str, on_line: Callable[[str], None]) -> None:
    """A source directory to a GGUF of floating-point weights (``f16`` or ``f32``), by ``convert_hf_to_gguf.py`` in this same Python.

    Raises:
        UnsupportedError: the converter refuses the architecture or the tokenizer.
        InputError: the source directory is not whole.
    """
    if not any((source / name).is_file() for name in _TOKENIZERS):
        # Without one, transformers makes an empty tokenizer up, which the converter then does not recognise.
        raise InputError(
            f"{source.name} has no tokenizer.", hint="Add tokenizer.json to the source directory."
        )
    script = directory(SOURCE_VARIABLE) / "convert_hf_to_gguf.py"
    command = [sys.executable, str(script), str(source), "--outtype", kind, "--outfile", str(target)]
    status, lines = _run(command, os.environ, on_line)
    if status or not target.is_file():
        raise _refused(lines)


def observe(model: Path, text: Path, target: Path, threads: int, on_line: Callable[[str], None]) -> None:
    """The importance matrix of a float16 GGUF: what goes into each matrix, in mean squares over a text."""
    tools = directory(BIN_VARIABLE)
    options = ["-c", str(_WINDOW), "-t", str(threads), "--no-ppl", "--output-format", "gguf"]
    command = [str(tools / "llama-imatrix"), "-m", str(model), "-f", str(text), "-o", str(target), *options]
    status, lines = _run(command, tool_environment(tools), on_line)
    if status or not target.is_file():
        raise RuntimeError(f"llama-imatrix ended with status {status}: {lines[-1] if lines else 'no output'}")


def quantize(
    source: Path,
    target: Path,
    kind: str,
    threads: int,
    on_line: Callable[[str], None],
    *,
    importance: Path | None = None,
    types: Mapping[str, str] | None = None,
    pure: bool = False,
) -> None:
    """A float16 GGUF to one of llama-quantize's types.

    ``importance`` is what `observe` wrote; ``types`` names the type of single tensors by their names in the file; a ``pure``
    one has no others.

    Raises:
        InputError: there is no float16 GGUF to start from.
    """
    if not source.is_file():
        raise InputError("The float16 build to quantize is missing.", hint="Build llamacpp/f16 first.")
    tools = directory(BIN_VARIABLE)
    options = ["--imatrix", str(importance)] if importance else []
    options += ["--pure"] if pure else []
    if types:
        listed = target.with_suffix(".types")
        lines_ = (f"^{re.escape(name)}$={wanted}" for name, wanted in types.items())
        listed.write_text("\n".join(lines_), encoding="utf-8")
        options += ["--tensor-type-file", str(listed)]
    command = [str(tools / "llama-quantize"), *options, str(source), str(target), kind, str(threads)]
    status, lines = _run(command, tool_environment(tools), on_line)
    if types:
        listed.unlink()
    if status or not target.is_file():
        raise RuntimeError(
            f"llama-quantize {kind} ended with status {status}: {lines[-1] if lines else 'no output'}"
        )


def dequantize(original: Path, target: Path, kind: str, threads: int, on_line: Callable[[str], None]) -> None:
    """A GGUF file with its own tensors, metadata, tokenizer and template, in a 16-bit type; by llama-quantize.

    Raises:
        InputError: the tool does not read the file.
    """
    tools = directory(BIN_VARIABLE)
    command = [str(tools / "llama-quantize"), "--allow-requantize", str(original), str(target), kind]
    status, lines = _run([*command, str(threads)], tool_environment(tools), on_line)
    if status or not target.is_file():
        raise InputError(
            f"llama-quantize does not read {original.name}: {lines[-1] if lines else 'no output'}.",
            hint="Download the file again; a newer architecture needs a newer toolchain.",
        )


def directory(variable: str) -> Path:
    """Where the installer says that the tools or the converter lie.

    Raises:
        ToolchainError: the installer did not say.
    """
    if not (value := os.environ.get(variable)):
        raise ToolchainError(f"{variable} is not set.", hint="Install the llama.cpp toolchain.")
    return Path(value)


def tool_environment(tools: Path) -> dict[str, str]:
    """The environment in which a tool finds its libraries, wherever it was moved to."""
    libraries = os.pathsep.join({str(tools): 0, os.environ.get("LLAMA_CPP_LIB_PATH", str(tools)): 0})
    names = {"linux": "LD_LIBRARY_PATH", "darwin": "DYLD_LIBRARY_PATH", "win32": "PATH"}
    name = names.get(sys.platform, "LD_LIBRARY_PATH")
    return {**os.environ, name: os.pathsep.join(filter(None, [libraries, os.environ.get(name)]))}


def fraction_of(line: str) -> float | None:
    """How far the converter (``Writing:  40%``) or the quantizer (``[  12/ 272]``) has come."""
    if percent := re.search(r"Writing:\s+(\d+)%", line):
        return int(percent[1]) / 100
    if step := re.match(r"\[\s*(\d+)/\s*(\d+)\]", line):
        return int(step[1]) / int(step[2])
    return None


def stored_types(file: Path) -> tuple[StoredType, ...]:
    """The tensor types in a GGUF file, those that hold most weights first."""
    tensors: dict[str, list[tuple[int, int]]] = {}
    for tensor in gguf().GGUFReader(str(file)).tensors:
        row = int(tensor.shape[0])
        tensors.setdefault(tensor.tensor_type.name, []).append((row, int(tensor.n_elements)))
    types = [
        StoredType(
            name=name,
            tensors=len(sizes),
            weights=sum(count for _, count in sizes),
            uneven=sum(count for row, count in sizes if row % _SUPER_BLOCK),
        )
        for name, sizes in tensors.items()
    ]
    return tuple(sorted(types, key=lambda stored: stored.weights, reverse=True))


def type_notes(kind: str, types: Sequence[StoredType]) -> tuple[str, ...]:
    """What the file really holds, and how much of it a k-quant could not hold."""
    total = sum(stored.weights for stored in types)
    shares = (f"{stored.name} {stored.weights / total:.1%} ({stored.tensors} tensors)" for stored in types)
    notes = [f"Weights by type: {', '.join(shares)}."]
    uneven = sum(stored.uneven for stored in types if stored.name not in _FLOATS)
    if "_K" in kind and uneven:
        notes.append(
            f"{uneven / total:.1%} of the weights are not stored as k-quants, although the name {kind} "
            f"says so: their row lengths are not a multiple of {_SUPER_BLOCK}, so llama-quantize used "
            "larger types with blocks of 32 weights."
        )
    return tuple(notes)


def gguf() -> Any:
    """The gguf package of the converter's own source; released ones lag behind it."""
    place = str(directory(SOURCE_VARIABLE) / "gguf-py")
    if place not in sys.path:
        sys.path.insert(0, place)
    return importlib.import_module("gguf")


def _run(
    command: Sequence[str], environment: Mapping[str, str], on_line: Callable[[str], None]
) -> tuple[int, list[str]]:
    """Status and last lines; every line also goes to stderr, which is the trial's log."""
    kept: deque[str] = deque(maxlen=_KEPT_LINES)
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(environment),
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            sys.stderr.write(line)
            kept.append(line.strip())
            on_line(line)
    return process.returncode, list(kept)


def _refused(lines: Sequence[str]) -> Exception:
    """By the last thing raised or logged as an error: tracebacks also name errors that were dealt with."""
    told = [line for line in lines if _FAULT.match(line)]
    last = (told or list(lines) or ["no output"])[-1]
    for words, error, cause, hint in _REFUSALS:
        if words in last:
            return error(f"{cause}: {_FAULT.sub('', last).rstrip('.')}.", hint=hint)
    if last.startswith(_UNPREPARED):
        return UnsupportedError(
            f"The converter of llama.cpp fails on this model: {last.rstrip('.')}.", hint=_ANOTHER
        )
    return RuntimeError(f"convert_hf_to_gguf.py failed: {last}")
