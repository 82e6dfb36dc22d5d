"""Log-likelihoods of a build or of the original, once per (artifact, options, pairs, protocol)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgewright.core.answers import Failure, FailureKind
from edgewright.core.conversation import LikelihoodResult
from edgewright.core.jobs import LikelihoodJob
from edgewright.core.keys import digest
from edgewright.core.likelihood import Likelihood, Pair
from edgewright.core.measurement import PROTOCOL_VERSION
from edgewright.core.recipe import Option
from edgewright.ports import Backend, JobFailed, Workshop

_RECORD = "likelihoods.json"
_TIMEOUT_S = 1800.0


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

    def make(draft: Path) -> None:
        draft.mkdir()
        job = LikelihoodJob(worker=backend.worker, artifact=artifact, runtime=runtime, pairs=pairs)
        result = shop.ask(backend.toolchain, job, LikelihoodResult, log=log, timeout_s=_TIMEOUT_S)
        if isinstance(result, Failure):
            raise JobFailed(result)
        if len(result.likelihoods) != len(pairs):
            reason = f"The worker answered {len(result.likelihoods)} of {len(pairs)} pairs."
            raise JobFailed(Failure(failure=FailureKind.FAILED, reason=reason, log=str(log)))
        shop.files.write(draft / _RECORD, result)

    kept = shop.store.find("likelihoods", key)
    found = kept or shop.keep("likelihoods", key, make, what="The log-likelihoods", log=log)
    if isinstance(found, Failure):
        return found
    answer: LikelihoodResult = shop.files.read(found / _RECORD, LikelihoodResult)
    return answer.likelihoods
