"""A GGUF file loaded by llama.cpp's own C interface: scoring and greedy generation without anything in between.

Settings are llama-bench's, so that both measure the same: memory-mapped weights, flash attention where the library
chooses it, float16 KV cache, up to 512 tokens per computed batch, one token per decode step.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np

from edgewright.backends.llamacpp.worker.binding import PlacementLog, binding, text_of
from edgewright.backends.threads import thread_count
from edgewright.core.measurement import Placement
from edgewright.errors import InputError, ResourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from edgewright.core.recipe import Option

_BATCH = 512
"""Tokens computed at once; a usual scoring window fits into one."""


class LlamaSession:
    """A loaded model; see `edgewright.ports.Session`."""

    def __init__(self, file: Path, runtime: Mapping[str, Option]) -> None:
        self._lib = binding()
        self._log = PlacementLog(self._lib)
        self._threads = thread_count(runtime)
        self._model: Any = load_model(self._lib, file)
        self._vocabulary: int = self._lib.llama_vocab_n_tokens(self._lib.llama_model_get_vocab(self._model))
        self._context: Any = None
        self._shape = (0, 0)

    @property
    def placement(self) -> Placement:
        lib = self._lib
        kind = text_of(lambda: lib.llama_ftype_name(lib.llama_model_ftype(self._model)))
        gpu = bool(lib.llama_supports_gpu_offload())
        return Placement(
            device="GPU where layers are offloaded (see proof)" if gpu else "CPU",
            weights=kind,
            activations="float32" if gpu else _activations(kind),
            kv_cache="float16",
            threads=self._threads,
            proof={
                "system_info": text_of(lib.llama_print_system_info),
                "gpu_offload": str(gpu),
                **{f"log_{index}": line for index, line in enumerate(dict.fromkeys(self._log.lines))},
            },
        )

    def score(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Raw logits at every position, from an empty cache; shape [len(ids), vocabulary]."""
        context = self._empty(len(ids), outputs=len(ids))
        batch = self._lib.llama_batch_init(len(ids), 0, 1)
        try:
            for index, token in enumerate(ids):
                batch.token[index] = token
                batch.pos[index] = index
                batch.n_seq_id[index] = 1
                batch.seq_id[index][0] = 0
                batch.logits[index] = 1
            batch.n_tokens = len(ids)
            self._decode(context, batch)
        finally:
            self._lib.llama_batch_free(batch)
        rows = self._lib.llama_get_logits(context)
        return np.ctypeslib.as_array(rows, shape=(len(ids), self._vocabulary)).copy()

    def generate(self, ids: Sequence[int], tokens: int) -> Iterator[int]:
        """Greedy: the prompt once in batches, then one step per token on the cache."""
        if not tokens:
            return
        context = self._empty(len(ids) + tokens, outputs=1)
        prompt = (ctypes.c_int32 * len(ids))(*ids)
        for start in range(0, len(ids), _BATCH):
            count = min(_BATCH, len(ids) - start)
            part = ctypes.cast(ctypes.byref(prompt, 4 * start), ctypes.POINTER(ctypes.c_int32))
            self._decode(context, self._lib.llama_batch_get_one(part, count))
        current = (ctypes.c_int32 * 1)()
        step = self._lib.llama_batch_get_one(current, 1)
        for remaining in range(tokens - 1, -1, -1):
            current[0] = self._most_likely(context)
            yield int(current[0])
            if remaining:
                self._decode(context, step)

    def _most_likely(self, context: Any) -> int:
        logits = self._lib.llama_get_logits_ith(context, -1)
        return int(np.ctypeslib.as_array(logits, shape=(self._vocabulary,)).argmax())

    def _decode(self, context: Any, batch: Any) -> None:
        status = self._lib.llama_decode(context, batch)
        if status:
            raise ArithmeticError(f"llama_decode answered {status}.")

    def _empty(self, length: int, outputs: int) -> Any:
        """A context for ``length`` tokens with nothing in its cache; kept for requests of the same shape."""
        if self._context is None or self._shape != (length, outputs):
            self._free_context()
            self._context = self._new_context(length, outputs)
            self._shape = (length, outputs)
        self._lib.llama_memory_clear(self._lib.llama_get_memory(self._context), True)  # noqa: FBT003
        return self._context

    def _new_context(self, length: int, outputs: int) -> Any:
        params = self._lib.llama_context_default_params()
        params.n_ctx = length
        params.n_batch = max(outputs, min(_BATCH, length))
        params.n_ubatch = min(_BATCH, length)
        params.n_threads = params.n_threads_batch = self._threads
        context = self._lib.llama_init_from_model(self._model, params)
        if not context:
            raise ResourceError(
                f"llama.cpp cannot make a context of {length} tokens.",
                hint="Free memory, or ask for fewer tokens.",
            )
        return context

    def _free_context(self) -> None:
        if self._context is not None:
            self._lib.llama_free(self._context)
            self._context = None

    def close(self) -> None:
        self._free_context()
        if self._model is not None:
            self._lib.llama_model_free(self._model)
            self._model = None


def load_model(lib: Any, file: Path, *, vocabulary_only: bool = False) -> Any:
    """Map a GGUF file.

    Raises:
        InputError: the file is not there, or llama.cpp refuses it.
    """
    params = lib.llama_model_default_params()
    params.vocab_only = vocabulary_only
    model = lib.llama_model_load_from_file(str(file).encode(), params) if file.is_file() else None
    if not model:
        raise InputError(
            f"llama.cpp cannot load {file.parent.name}/{file.name}.",
            hint="The file is missing or damaged; build it anew.",
        )
    return model


def tokenize(file: Path, texts: Sequence[str]) -> list[list[int]]:
    """Ids by the tokenizer in a GGUF file; texts that spell special tokens become them, none is added."""
    lib = binding()
    log = PlacementLog(lib)
    model = load_model(lib, file, vocabulary_only=True)
    try:
        vocabulary = lib.llama_model_get_vocab(model)
        return [_ids(lib, vocabulary, text.encode()) for text in texts]
    finally:
        lib.llama_model_free(model)
        del log


def _ids(lib: Any, vocabulary: Any, text: bytes) -> list[int]:
    # A token covers at least one byte; tokenizers that put a space first need one more.
    room = (ctypes.c_int32 * (len(text) + 2))()
    count = lib.llama_tokenize(vocabulary, text, len(text), room, len(room), False, True)  # noqa: FBT003
    if count < 0:
        raise InputError(f"llama.cpp needs {-count} tokens for a text of {len(text)} bytes.")
    return list(room[:count])


def _activations(kind: str) -> str:
    """What the CPU kernels multiply with, by the weights' type (ggml's vec_dot_type)."""
    if "F32" in kind:
        return "float32"
    if "BF16" in kind or "F16" in kind:
        return "float32, rounded to the weights' 16 bits in matrix products"
    return "float32, quantized to 8 bits per block in matrix products"
