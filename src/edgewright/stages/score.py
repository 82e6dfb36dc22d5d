"""Teacher-forced scoring of a build or of the original, once per (artifact, options, text, protocol)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgewright.core.jobs import Failure, FailureKind, ScoreJob, ScoreResult
from edgewright.core.keys import digest
from edgewright.core.measurement import PROTOCOL_VERSION, Prompts, Scores
from edgewright.core.recipe import Option
from edgewright.ports import Backend, Workshop

_RECORD = "scores.json"
REFERENCE_FILE = "log_probabilities.npy"
"""Packed by `edgewright.worker.packed`."""
_TIMEOUT_S = 1800.0


class _Unscored(Exception):  # noqa: N818  # never leaves this file
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


def score(
    shop: Workshop,
    backend: Backend,
    *,
    artifact: str,
    identity: str,
    runtime: Mapping[str, Option],
    ids: tuple[int, ...],
    context: int,
    log: Path,
    reference: Path | None = None,
    reference_identity: str = "",
    keep_reference: bool = False,
    limit_s: float | None = None,
    prompt: tuple[int, ...] = (),
    answer: int = 0,
    prompts: Prompts | None = None,
) -> tuple[Scores, Path] | Failure:
    """Scores and the store directory that holds them (with the reference's log-probabilities, if asked to keep them).

    ``identity`` names the bytes of ``artifact``. ``limit_s`` bounds the time of a slow runtime; how far it came is part
    of the scores. The greedy continuation of ``prompt`` by ``answer`` ids is kept with them.
    """
    details = [
        identity,
        backend.toolchain.digest,
        backend.code_digest,
        dict(runtime),
        digest(list(ids)),
        context,
    ]
    key = digest(
        [PROTOCOL_VERSION, *details, reference_identity, keep_reference, limit_s, prompt, answer, prompts]
    )
    found = shop.store.find("scores", key)
    if found is None:
        try:
            with shop.store.building("scores", key) as draft:
                draft.mkdir()
                job = ScoreJob(
                    worker=backend.worker,
                    artifact=artifact,
                    runtime=runtime,
                    ids=ids,
                    context=context,
                    reference=str(reference) if reference else "",
                    write_reference=str(draft / REFERENCE_FILE) if keep_reference else "",
                    limit_s=limit_s,
                    prompt=prompt,
                    answer=answer,
                    prompts=prompts,
                )
                result = shop.runner.run(
                    backend.toolchain, job, log=log, tell=shop.reporter.tell, timeout_s=_TIMEOUT_S
                )
                if not isinstance(result, ScoreResult):
                    raise _Unscored(_failure(result))
                shop.files.write(draft / _RECORD, result.scores)
        except _Unscored as stop:
            return stop.failure
        except OSError as error:
            reason = f"The scores could not be stored: {error.strerror or error}."
            return Failure(failure=FailureKind.RESOURCE, reason=reason, log=str(log))
        found = shop.store.find("scores", key)
    if found is None:
        return Failure(failure=FailureKind.FAILED, reason="The scores were not stored.", log=str(log))
    return shop.files.read(found / _RECORD, Scores), found


def _failure(result: object) -> Failure:
    if isinstance(result, Failure):
        return result
    return Failure(failure=FailureKind.FAILED, reason="The worker answered with something else.")
