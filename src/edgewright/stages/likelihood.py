"""Log-likelihoods of a build or of the original, once per (artifact, options, pairs, protocol)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgewright.core.conversation import LikelihoodResult
from edgewright.core.jobs import Failure, FailureKind, LikelihoodJob
from edgewright.core.keys import digest
from edgewright.core.likelihood import Likelihood, Pair
from edgewright.core.measurement import PROTOCOL_VERSION
from edgewright.core.recipe import Option
from edgewright.ports import Backend, Workshop

_RECORD = "likelihoods.json"
_TIMEOUT_S = 1800.0


class _Unanswered(Exception):  # noqa: N818  # never leaves this file
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


def likelihood(
    shop: Workshop,
    backend: Backend,
    *,
    artifact: str,
    identity: str,
    runtime: Mapping[str, Option],
    pairs: tuple[Pair, ...],
    log: Path,
) -> tuple[Likelihood, ...] | Failure:
    """One answer per pair, in order. ``identity`` names the bytes of ``artifact``."""
    made_by = [identity, backend.toolchain.digest, backend.code_digest, dict(runtime)]
    key = digest([PROTOCOL_VERSION, "likelihood", *made_by, digest(pairs)])
    found = shop.store.find("likelihoods", key)
    if found is None:
        try:
            with shop.store.building("likelihoods", key) as draft:
                draft.mkdir()
                job = LikelihoodJob(worker=backend.worker, artifact=artifact, runtime=runtime, pairs=pairs)
                result = shop.runner.run(
                    backend.toolchain, job, log=log, tell=shop.reporter.tell, timeout_s=_TIMEOUT_S
                )
                shop.files.write(draft / _RECORD, _whole(result, len(pairs)))
        except _Unanswered as stop:
            return stop.failure
        except OSError as error:
            reason = f"The log-likelihoods could not be stored: {error.strerror or error}."
            return Failure(failure=FailureKind.RESOURCE, reason=reason, log=str(log))
        found = shop.store.find("likelihoods", key)
    if found is None:
        return Failure(failure=FailureKind.FAILED, reason="The answers were not stored.", log=str(log))
    kept: LikelihoodResult = shop.files.read(found / _RECORD, LikelihoodResult)
    return kept.likelihoods


def _whole(result: object, pairs: int) -> LikelihoodResult:
    if isinstance(result, Failure):
        raise _Unanswered(result)
    if not isinstance(result, LikelihoodResult) or len(result.likelihoods) != pairs:
        raise _Unanswered(
            Failure(failure=FailureKind.FAILED, reason="The worker answered with something else.")
        )
    return result
