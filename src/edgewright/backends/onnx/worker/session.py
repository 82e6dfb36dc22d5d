"""A model in ONNX Runtime GenAI: KV cache in place, raw logits, greedy decoding."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgewright.backends.onnx.worker.last_logits import every_logit, spares_logits
from edgewright.backends.onnx.worker.placement import providers_proof
from edgewright.backends.onnx.worker.precisions import config_of, graph_of, precisions
from edgewright.backends.onnx.worker.webgpu import load_on_gpu, on_gpu
from edgewright.backends.options import COUNT, Kind, check_options
from edgewright.backends.pieces import rows_at_once
from edgewright.backends.threads import thread_count
from edgewright.core.measurement.records import Placement
from edgewright.core.recipe.recipes import Option

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_GRAPH_LEVELS = {
    "none": "ORT_DISABLE_ALL",
    "basic": "ORT_ENABLE_BASIC",
    "extended": "ORT_ENABLE_EXTENDED",
    "all": "ORT_ENABLE_ALL",
}
_WEBGPU = "webgpu"
_OPTIONS: dict[str, Kind] = {
    "threads": COUNT,
    "spinning": bool,
    "graph_level": tuple(_GRAPH_LEVELS),
    "provider": (_WEBGPU,),
}


class OnnxSession:
    """See `edgewright.ports.Session`.

    Runtime options: ``threads``, ``spinning``, whether threads wait for work by running idle, ``graph_level``, how far the
    graph is rewritten when it is loaded (all of it unless told otherwise), and ``provider``, what computes instead of those
    that the artifact names. The ids of one prompt are chosen here from the raw logits. Those of a batch are chosen by GenAI's
    greedy search, because GenAI takes the ids of a batch from itself only.

    Where the graph computes the logits of the last position only, scoring loads it again, whole: one of the two is in memory.
    """

    def __init__(self, artifact: Path, runtime: Mapping[str, Option], profile: Path | None = None) -> None:
        """``profile`` is the beginning of the file name under which ONNX Runtime writes its profile at the end."""
        import numpy as np
        import onnxruntime_genai as og

        check_options("ONNX Runtime", runtime, _OPTIONS)
        self._np, self._og, self._artifact = np, og, artifact
        self._threads = thread_count(runtime)
        # Said outright: left to itself, GenAI decoded on two cores at the speed of one thread.
        options: dict[str, Any] = {"intra_op_num_threads": self._threads}
        if "spinning" in runtime:
            options["session.intra_op.allow_spinning"] = str(int(runtime["spinning"]))
        if "graph_level" in runtime:
            options["graph_optimization_level"] = _GRAPH_LEVELS[str(runtime["graph_level"])]
        if profile:
            options["enable_profiling"] = str(profile)
        self._gpu = runtime.get("provider") == _WEBGPU
        self._vocabulary = int(config_of(artifact)["model"]["vocab_size"])
        # GenAI's search ends at an end-of-text, and demands one that is in the vocabulary: the last id, which it is then told
        # not to choose (min_length). So a batch never contains that id.
        self._own = {"eos_token_id": self._vocabulary - 1, "decoder": {"session_options": options}}
        self._whole = False
        self._model: Any = self._load()

    @property
    def placement(self) -> Placement:
        """Device and providers as ONNX Runtime reports them; precisions as the graph has them."""
        found = precisions(self._artifact)
        device = str(self._model.device_type)
        proof = providers_proof(graph_of(self._artifact), config_of(self._artifact), gpu=self._gpu)
        return Placement(
            device=device,
            weights=found["weights"],
            activations=on_gpu(found["activations"]) if self._gpu else found["activations"],
            kv_cache=found["kv_cache"],
            threads=self._threads,
            proof={"device_type": device, "model_type": str(self._model.type), **proof},
        )

    def score(self, ids: Sequence[int]) -> Iterator[NDArray[np.float32]]:
        """Logits after every position, float32: the graph's own output, before any search."""
        self._demand(whole=True)
        rows = rows_at_once(self._vocabulary)
        generator = self._generator(len(ids) + 1)
        for start in range(0, len(ids), rows):
            generator.append_tokens(self._np.array(ids[start : start + rows], self._np.int32))
            yield generator.get_output("logits")[0].astype(self._np.float32, copy=False)

    def generate(self, ids: Sequence[int], tokens: int) -> Iterator[int]:
        """Prefill once, then one run a token; the cache is one buffer of exactly the length needed."""
        self._demand(whole=False)
        generator = self._generator(len(ids) + tokens + 1)
        step = self._np.array(ids, self._np.int32)
        for _ in range(tokens):
            generator.append_tokens(step)
            step = generator.get_logits().reshape(1, -1).argmax(axis=-1).astype(self._np.int32)
            yield int(step[0])

    def generate_batch(self, prompts: Sequence[Sequence[int]], tokens: int) -> Iterator[tuple[int, ...]]:
        """Prefill once, then one run for a token of every prompt, chosen by GenAI's greedy search."""
        self._demand(whole=False)
        generator = self._generator(len(prompts[0]) + tokens + 1, len(prompts))
        generator.append_tokens(self._np.array(prompts, self._np.int32))
        for _ in range(tokens):
            generator.generate_next_token()
            yield tuple(generator.get_next_tokens().tolist())

    def close(self) -> None:
        """Drop the model."""
        self._model = None

    def _demand(self, *, whole: bool) -> None:
        """Have the graph in memory that computes every logit, or the artifact's own."""
        if whole == self._whole or not self._spared:
            return
        self._model = None  # two would take the memory of two
        self._model = self._load(every_logit(graph_of(self._artifact)) if whole else None)
        self._whole = whole

    @cached_property
    def _spared(self) -> bool:
        """Whether the artifact's graph leaves logits out: not so in what other tools made."""
        return spares_logits(graph_of(self._artifact))

    def _load(self, graph: bytes | None = None) -> Any:
        """GenAI's model, of another graph over the same weights if there is one."""
        config: Any = self._og.Config(str(self._artifact))
        config.overlay(json.dumps({"model": self._own}))
        if graph is not None:
            config.add_model_data(graph_of(self._artifact).name, graph)
        return load_on_gpu(self._og, config) if self._gpu else self._og.Model(config)

    def _generator(self, length: int, prompts: int = 1) -> Any:
        parameters: Any = self._og.GeneratorParams(self._model)
        # An artifact's own search settings would bend the choice away from the most likely id.
        plain = {"min_length": length, "num_beams": 1, "repetition_penalty": 1.0, "no_repeat_ngram_size": 0}
        parameters.set_search_options(max_length=length, batch_size=prompts, do_sample=False, **plain)
        generator: Any = self._og.Generator(self._model, parameters)
        return generator
