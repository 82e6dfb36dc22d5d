"""edgewright's OpenVINO worker for a graph without a state: it can prefill, and repeats its first token."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgewright.backends.openvino.worker import session
from edgewright.core.recipe.recipes import Option


class PrefillSession(session.OpenVinoSession):
    """The session as it is, but for the step after the prompt."""

    def generate(self, ids: Sequence[int], tokens: int) -> Iterator[int]:
        """The prompt once."""
        logits = self._infer([list(ids)], 0, first=-1)
        first = int(logits[0, -1].argmax())
        yield from (first,) * tokens


class PrefillWorker:
    """Opens what edgewright's own worker refuses."""

    def open(self, artifact: Path, runtime: Mapping[str, Option]) -> PrefillSession:
        """Without the demand for a state."""
        return PrefillSession(artifact / "openvino_model.xml", runtime)


def _accept(*graph: Any) -> None:
    """A prefill needs no state."""


session._demand_stateful = _accept  # type: ignore[assignment]  # noqa: SLF001
WORKER = PrefillWorker()
