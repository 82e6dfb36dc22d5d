"""A model in ONNX Runtime GenAI: KV cache in place, raw logits, greedy decoding."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgewright.backends.threads import thread_count
from edgewright.core.measurement import Placement
from edgewright.core.recipe import Option
from edgewright.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PRECISIONS_NAME = "precisions.json"
"""What the graph computes in, written at build time: weights, activations, kv_cache."""


class OnnxSession:
    """See `edgewright.ports.Session`.

    Tokens are chosen here from the raw logits, not by GenAI's search: that one ends at end-of-text.
    """

    def __init__(self, artifact: Path, runtime: Mapping[str, Option]) -> None:
        import numpy as np
        import onnxruntime_genai as og

        unknown = set(runtime) - {"threads"}
        if unknown:
            raise UsageError(f"ONNX Runtime has no runtime option {', '.join(sorted(unknown))}.")
        self._np, self._og = np, og
        self._threads = thread_count(runtime)
        self._precisions: dict[str, str] = json.loads(
            (artifact / PRECISIONS_NAME).read_text(encoding="utf-8")
        )
        config: Any = og.Config(str(artifact))
        # Said outright: left to itself, GenAI decoded on two cores at the speed of one thread.
        options = {"intra_op_num_threads": self._threads}
        config.overlay(json.dumps({"model": {"decoder": {"session_options": options}}}))
        self._model: Any = og.Model(config)

    @property
    def placement(self) -> Placement:
        """The device GenAI reports; precisions as the graph has them."""
        proof = {
            "device_type": str(self._model.device_type),
            "providers": "CPUExecutionProvider",  # the wheel holds no other, and genai_config.json asks for none
            "onnxruntime": version("onnxruntime"),
            "onnxruntime-genai": version("onnxruntime-genai"),
            "model_type": str(self._model.type),
        }
        return Placement(
            device=str(self._model.device_type),
            weights=self._precisions["weights"],
            activations=self._precisions["activations"],
            kv_cache=self._precisions["kv_cache"],
            threads=self._threads,
            proof=proof,
        )

    def score(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Logits after every position, float32: the graph's own output, before any search."""
        generator = self._generator(len(ids) + 1)
        generator.append_tokens(self._np.array(ids, self._np.int32))
        logits: NDArray[np.float32] = generator.get_output("logits")[0].astype(self._np.float32, copy=False)
        return logits

    def generate(self, ids: Sequence[int], tokens: int) -> Iterator[int]:
        """Prefill once, then one run a token; the cache is one buffer of exactly the length needed."""
        generator = self._generator(len(ids) + tokens + 1)
        step = self._np.array(ids, self._np.int32)
        for _ in range(tokens):
            generator.append_tokens(step)
            step = generator.get_logits().reshape(1, -1).argmax(axis=-1).astype(self._np.int32)
            yield int(step[0])

    def close(self) -> None:
        """Drop the model."""
        self._model = None

    def _generator(self, length: int) -> Any:
        parameters: Any = self._og.GeneratorParams(self._model)
        parameters.set_search_options(max_length=length, do_sample=False)
        return self._og.Generator(self._model, parameters)
