"""Log-likelihoods of a build or of the original, once per (artifact, options, pairs, protocol)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgewright.core.jobs.conversation import LikelihoodResult
from edgewright.core.jobs.requests import LikelihoodJob
from edgewright.core.jobs.results import Failure, FailureKind
from edgewright.core.keys import digest
from edgewright.core.measurement.likelihood import Likelihood, Pair
from edgewright.core.measurement.records import PROTOCOL_VERSION
from edgewright.core.recipe.recipes import Option
from edgewright.ports import Backend, Context, JobFailed

_RECORD = "likelihoods.json"


def likelihood(
    context: Context,
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
        result = context.ask(backend.toolchain, job, LikelihoodResult, log=log)
        if isinstance(result, Failure):
            raise JobFailed(result)
        if len(result.likelihoods) != len(pairs):
            reason = f"The worker answered {len(result.likelihoods)} of {len(pairs)} pairs."
            raise JobFailed(Failure(failure=FailureKind.FAILED, reason=reason, log=str(log)))
        context.files.write(draft / _RECORD, result)

    kept = context.store.find("likelihoods", key)
    found = kept or context.keep("likelihoods", key, make, what="The log-likelihoods", log=log)
    if isinstance(found, Failure):
        return found
    answer: LikelihoodResult = context.files.read(found / _RECORD, LikelihoodResult)
    return answer.likelihoods
