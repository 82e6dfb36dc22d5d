"""The harness's model class over anything that answers in token ids; `lm_eval` has to be importable.

An open session is such a thing: ``EdgewrightLM(session, session.tokenizer, prefix_id=session.tokenizer.prefix_id())``.
"""

from __future__ import annotations

from typing import Any

from lm_eval.api.model import LM

from edgewright.evaluators.lm_eval.answering import Answering, Model, Tokenizer


class EdgewrightLM(LM):  # type: ignore[misc]  # the harness is untyped here
    """Every request is answered at batch 1; generation is greedy."""

    def __init__(self, model: Model, tokenizer: Tokenizer, *, prefix_id: int, max_length: int = 2048) -> None:
        super().__init__()
        self._answering = Answering(model, tokenizer, prefix_id=prefix_id, max_length=max_length)

    def loglikelihood(self, requests: list[Any], **_: Any) -> list[tuple[float, bool]]:
        """See `LM.loglikelihood`."""
        return self._answering.loglikelihood([request.args for request in requests])

    def loglikelihood_rolling(self, requests: list[Any], **_: Any) -> list[float]:
        """See `LM.loglikelihood_rolling`."""
        return self._answering.loglikelihood_rolling([request.args[0] for request in requests])

    def generate_until(self, requests: list[Any], **_: Any) -> list[str]:
        """See `LM.generate_until`."""
        return self._answering.generate_until([request.args for request in requests])
