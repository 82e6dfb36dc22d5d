"""A model in CTranslate2: logits of a whole window, greedy decoding with a KV cache."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgewright.backends.options import COUNT, Kind, check_options
from edgewright.backends.pieces import rows_at_once
from edgewright.backends.threads import thread_count
from edgewright.core.measurement.records import Placement
from edgewright.core.recipe.recipes import Option
from edgewright.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FILES = ("model.bin", "config.json", "vocabulary.json")
_OPTIONS: dict[str, Kind] = {"threads": COUNT}
_NEVER = 2**31 - 1
"""An end-of-text id that no model says: decoding would end at the real one."""


class CTranslate2Session:
    """See `edgewright.ports.BatchSession`. Runtime options: ``threads``."""

    def __init__(self, artifact: Path, runtime: Mapping[str, Option]) -> None:
        """Load the model in the precision that it is stored in, as far as the processor computes in that.

        Raises:
            UsageError: an option that there is not.
            InputError: a file is missing or damaged.
        """
        check_options("CTranslate2", runtime, _OPTIONS)
        _demand_whole(artifact)
        import ctranslate2

        self._threads = thread_count(runtime)
        try:
            self._model: Any = ctranslate2.Generator(
                str(artifact), device="cpu", inter_threads=1, intra_threads=self._threads
            )
        except RuntimeError as error:
            raise InputError(
                f"CTranslate2 cannot read {artifact}: {error}.", hint="Build it again."
            ) from error
        # Logits are asked for by ids, but a prompt is given by tokens.
        self._tokens: list[str] = json.loads((artifact / "vocabulary.json").read_text(encoding="utf-8"))

    @property
    def placement(self) -> Placement:
        """Device and precision as CTranslate2 reports them."""
        device, computed = str(self._model.device), str(self._model.compute_type)
        stored, _, rest = computed.partition("_")
        quantized = stored.startswith("int")
        floats = rest or ("float32" if quantized else stored)
        return Placement(
            device=device,
            weights=f"{stored}, with scales in {floats}" if quantized else stored,
            activations=f"{floats}, rounded to {stored} for matrix products" if quantized else floats,
            kv_cache=floats,
            threads=self._threads,
            proof={"device": device, "compute_type": computed, "ctranslate2": version("ctranslate2")},
        )

    def score(self, ids: Sequence[int]) -> Iterator[NDArray[np.float32]]:
        """Logits after every position, float32, before any search.

        CTranslate2 gives logits of whole windows only, so those of this one are in memory at once; pieces are copies.
        """
        import ctranslate2
        import numpy as np

        answer = self._model.forward_batch([list(ids)], return_log_probs=False)
        logits: NDArray[np.float32] = np.asarray(answer.to(ctranslate2.DataType.float32))[0]
        rows = rows_at_once(logits.shape[1])
        for start in range(0, len(ids), rows):
            yield logits[start : start + rows].copy()

    def generate(self, ids: Sequence[int], tokens: int) -> Iterator[int]:
        """Prefill once, then one step a token: CTranslate2's greedy search, each id as soon as it is known."""
        for (token,) in self.generate_batch([ids], tokens):
            yield token

    def generate_batch(self, prompts: Sequence[Sequence[int]], tokens: int) -> Iterator[tuple[int, ...]]:
        """As `generate`, the prompts in the batch dimension."""
        if not tokens:
            return
        steps = self._model.generate_tokens(
            [[self._tokens[one] for one in ids] for ids in prompts],
            max_length=tokens,
            end_token=[_NEVER],
        )
        row: dict[int, int] = {}
        for step in steps:
            row[step.batch_id] = step.token_id
            if len(row) == len(prompts):
                yield tuple(row[index] for index in range(len(prompts)))
                row = {}

    def close(self) -> None:
        """Drop the model."""
        self._model = None


def _demand_whole(artifact: Path) -> None:
    for name in _FILES:
        if not (artifact / name).is_file():
            raise InputError(f"{artifact} holds no {name}.", hint="Build it again.")
