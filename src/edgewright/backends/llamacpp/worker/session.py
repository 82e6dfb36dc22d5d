"""A GGUF file loaded by llama.cpp's own C interface: scoring and greedy generation without anything in between.

Settings are llama-bench's, so that both measure the same, unless a runtime option says otherwise: memory-mapped
weights, flash attention where the library chooses it, float16 KV cache, up to 512 tokens per computed batch, one token
per decode step.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np

from edgewright.backends.llamacpp.worker.batches import Entry, TokenBatch
from edgewright.backends.llamacpp.worker.binding import PlacementLog, binding, text_of
from edgewright.backends.options import COUNT, Kind, check_options
from edgewright.backends.pieces import rows_at_once
from edgewright.backends.threads import thread_count
from edgewright.core.measurement.records import Placement
from edgewright.errors import InputError, ResourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from edgewright.core.recipe.recipes import Option

_BATCH = 512
"""Tokens computed at once."""
_KV_CACHE = {"f16": "float16", "q8_0": "q8_0 (8.5 bits)", "q4_0": "q4_0 (4.5 bits)"}
_OPTIONS: dict[str, Kind] = {
    "threads": COUNT,
    "kv_cache": tuple(_KV_CACHE),
    "flash_attention": bool,
    "mmap": bool,
    "batch": COUNT,
    "micro_batch": COUNT,
}


class LlamaSession:
    """A loaded model; see `edgewright.ports.Session`.

    Runtime options: ``threads``, ``kv_cache`` (f16, q8_0 or q4_0), ``flash_attention``, ``mmap``, and how many tokens are
    handed over (``batch``) and computed (``micro_batch``) at once.
    """

    def __init__(self, file: Path, runtime: Mapping[str, Option]) -> None:
        check_options("llama.cpp", runtime, _OPTIONS)
        self._lib = binding()
        self._log = PlacementLog(self._lib)
        self._runtime = runtime
        self._threads = thread_count(runtime)
        self._batch = int(runtime.get("batch", _BATCH))
        self._model: Any = load_model(self._lib, file, mmap=runtime.get("mmap"))
        self._vocabulary: int = self._lib.llama_vocab_n_tokens(self._lib.llama_model_get_vocab(self._model))
        self._context: Any = None
        self._rows: dict[int, NDArray[np.float32]] = {}
        self._shape: tuple[int, int, int] = (0, 0, 0)
        self._watch: Any = None

    @property
    def placement(self) -> Placement:
        lib = self._lib
        kind = text_of(lambda: lib.llama_ftype_name(lib.llama_model_ftype(self._model)))
        gpu = bool(lib.llama_supports_gpu_offload())
        return Placement(
            device="GPU where layers are offloaded (see proof)" if gpu else "CPU",
            weights=kind,
            activations="float32" if gpu else _activations(kind),
            kv_cache=_KV_CACHE[str(self._runtime.get("kv_cache", "f16"))],
            threads=self._threads,
            proof={
                "system_info": text_of(lib.llama_print_system_info),
                "gpu_offload": str(gpu),
                **({} if gpu else {"offloaded_layers": "none: this library supports the processor only"}),
                **{f"log_{index}": line for index, line in enumerate(dict.fromkeys(self._log.lines))},
            },
        )

    def score(self, ids: Sequence[int]) -> Iterator[NDArray[np.float32]]:
        """Raw logits at every position, from an empty cache; a piece is one batch, with an output for each token."""
        rows = min(len(ids), rows_at_once(self._vocabulary))
        context = self._empty(len(ids), batch=rows)
        with TokenBatch(self._lib, rows) as batch:
            for start in range(0, len(ids), rows):
                piece = ids[start : start + rows]
                batch.fill(Entry(token, start + index, 0, output=True) for index, token in enumerate(piece))
                self._decode(context, batch.native)
                logits = self._lib.llama_get_logits(context)
                yield np.ctypeslib.as_array(logits, shape=(len(piece), self._vocabulary)).copy()

    def generate(self, ids: Sequence[int], tokens: int) -> Iterator[int]:
        """Greedy: the prompt once in batches, then one step per token on the cache."""
        if not tokens:
            return
        context = self._empty(len(ids) + tokens, batch=min(self._batch, len(ids) + tokens))
        prompt = (ctypes.c_int32 * len(ids))(*ids)
        for start in range(0, len(ids), self._batch):
            count = min(self._batch, len(ids) - start)
            part = ctypes.cast(ctypes.byref(prompt, 4 * start), ctypes.POINTER(ctypes.c_int32))
            self._decode(context, self._lib.llama_batch_get_one(part, count))
        current = (ctypes.c_int32 * 1)()
        step = self._lib.llama_batch_get_one(current, 1)
        for remaining in range(tokens - 1, -1, -1):
            current[0] = self._most_likely(context, -1)
            yield int(current[0])
            if remaining:
                self._decode(context, step)

    def generate_batch(self, prompts: Sequence[Sequence[int]], tokens: int) -> Iterator[tuple[int, ...]]:
        """Greedy, each prompt a sequence with a cache of its own; a step computes one token of every sequence."""
        length = len(prompts[0])
        entries = [
            Entry(token, position, sequence, output=position == length - 1)
            for sequence, ids in enumerate(prompts)
            for position, token in enumerate(ids)
        ]
        room = max(len(prompts), min(self._batch, length * len(prompts)))
        context = self._empty(length + tokens, batch=room, sequences=len(prompts))
        with TokenBatch(self._lib, room) as batch:
            for past in range(length, length + tokens):
                current = self._step(context, batch, entries)
                yield current
                entries = [
                    Entry(token, past, sequence, output=True) for sequence, token in enumerate(current)
                ]

    def watch(self, callback: Any) -> None:
        """Have ``callback`` (a ``ggml_backend_sched_eval_callback``) called around every node of the graph from now on."""
        self._free_context()
        self._watch = callback

    def _step(self, context: Any, batch: TokenBatch, entries: Sequence[Entry]) -> tuple[int, ...]:
        """Compute entries in as many batches as they need; the most likely ids where they ask for outputs."""
        found: list[int] = []
        for start in range(0, len(entries), batch.room):
            part = entries[start : start + batch.room]
            batch.fill(part)
            self._decode(context, batch.native)
            found += [self._most_likely(context, index) for index, entry in enumerate(part) if entry.output]
        return tuple(found)

    def _most_likely(self, context: Any, index: int) -> int:
        logits = self._lib.llama_get_logits_ith(context, index)
        address = ctypes.addressof(logits.contents)
        row = self._rows.get(address)
        if row is None:  # making an array of it takes longer than finding the largest in it
            row = self._rows[address] = np.ctypeslib.as_array(logits, shape=(self._vocabulary,))
        return int(row.argmax())

    def _decode(self, context: Any, batch: Any) -> None:
        status = self._lib.llama_decode(context, batch)
        if status:
            raise ArithmeticError(f"llama_decode returned {status}.")

    def _empty(self, length: int, *, batch: int, sequences: int = 1) -> Any:
        """A context for sequences of ``length`` tokens, nothing in its cache; kept for requests of the same shape."""
        shape = (length, batch, sequences)
        if self._context is None or self._shape != shape:
            self._free_context()
            self._context = self._new_context(*shape)
            self._shape = shape
        # What lies in the cells is left as it is: none of them is looked at before it is written.
        self._lib.llama_memory_clear(self._lib.llama_get_memory(self._context), False)  # noqa: FBT003
        return self._context

    def _new_context(self, length: int, batch: int, sequences: int) -> Any:
        params = self._lib.llama_context_default_params()
        params.n_ctx = length * sequences
        params.n_seq_max = sequences
        params.n_batch = batch
        params.n_ubatch = min(int(self._runtime.get("micro_batch", _BATCH)), batch)
        params.n_threads = params.n_threads_batch = self._threads
        if kind := self._runtime.get("kv_cache"):
            params.type_k = params.type_v = getattr(self._lib, f"GGML_TYPE_{str(kind).upper()}")
        if "flash_attention" in self._runtime:
            params.flash_attn_type = int(self._runtime["flash_attention"])
        if self._watch is not None:
            params.cb_eval = self._watch
        context = self._lib.llama_init_from_model(self._model, params)
        if not context:
            raise ResourceError(
                f"llama.cpp cannot make a context of {length * sequences} tokens.",
                hint="Free memory, ask for fewer tokens, or remove the runtime options.",
            )
        return context

    def _free_context(self) -> None:
        self._rows.clear()
        if self._context is not None:
            self._lib.llama_free(self._context)
            self._context = None

    def close(self) -> None:
        self._free_context()
        if self._model is not None:
            self._lib.llama_model_free(self._model)
            self._model = None


def load_model(lib: Any, file: Path, *, vocabulary_only: bool = False, mmap: Option | None = None) -> Any:
    """Load a GGUF file: mapped (``mmap`` true), read (false), or as the library likes best, which is mapped.

    Raises:
        InputError: the file is not there, or llama.cpp refuses it.
    """
    params = lib.llama_model_default_params()
    params.vocab_only = vocabulary_only
    if mmap is not None:
        params.load_mode = lib.LLAMA_LOAD_MODE_MMAP if mmap else lib.LLAMA_LOAD_MODE_NONE
    model = lib.llama_model_load_from_file(str(file).encode(), params) if file.is_file() else None
    if not model:
        raise InputError(
            f"llama.cpp cannot load {file.parent.name}/{file.name}.",
            hint="The file is missing or damaged; build it again.",
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
