"""Before anything is quantized: does a framework's conversion answer as the original does, on the same ids?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from edgewright.core.jobs.requests import TokenizeJob
from edgewright.core.jobs.results import Failure, TokenizeResult
from edgewright.core.measurement.records import Scores
from edgewright.core.model.proof import ROUTED
from edgewright.core.recipe.artifact import Artifact
from edgewright.core.recipe.recipes import Precision
from edgewright.core.run import CrossValidation
from edgewright.ports import Backend, Context

KL_LIMIT = {Precision.FP32: 1e-6, Precision.FP16: 1e-3}


def tokenize(
    context: Context, backend: Backend, artifact: str, texts: tuple[str, ...], log: Path
) -> tuple[tuple[int, ...], ...] | Failure:
    """Ids of the texts by the artifact's own copy of the tokenizer."""
    job = TokenizeJob(worker=backend.worker, artifact=artifact, texts=texts)
    result = context.ask(backend.toolchain, job, TokenizeResult, log=log)
    return result if isinstance(result, Failure) else result.ids


def cross_validate(
    context: Context,
    artifact: Artifact,
    scores: Scores,
    *,
    texts: tuple[str, ...],
    expected: tuple[tuple[int, ...], ...],
    log: Path,
    lengths: Scores | None = None,
    limit: float | None = None,
    routed: bool = False,
    cause: Callable[[], str] = lambda: "cause unknown",
) -> CrossValidation:
    """The verdict on one framework, with what is known of the cause where it fails.

    ``lengths`` are scores on windows on both sides of every length at which the model changes: each has to be close.
    ``limit`` is another than the precision's; a model that is ``routed`` to experts may differ by more. ``cause`` is asked where they differ, and names one by evidence only.
    """
    recipe = artifact.recipe
    ids = tokenize(context, context.backend(recipe.framework), artifact.path, texts, log)
    same = None if isinstance(ids, Failure) else ids == expected
    limit = limit or _limit(recipe.precision, scores) * (ROUTED if routed else 1.0)
    divergence, where = _worst(scores, lengths)
    close = divergence is not None and divergence < limit
    causes = [] if close else [_difference(divergence, where, cause)]
    if isinstance(ids, Failure):
        causes.append(f"its tokenizer could not be asked: {ids.reason}")
    elif not same:
        causes.append(first_difference(ids, expected, texts))
    return CrossValidation(
        framework=recipe.framework,
        equal=close and same is True,
        kl_divergence=divergence,
        limit=limit,
        tokenizer_equal=same,
        cause="; ".join(causes),
    )


def _limit(precision: Precision, scores: Scores) -> float:
    """What the least precise part allows: the weights, or keys and values that are kept in 16 bits."""
    sixteen = "16" in scores.placement.kv_cache
    return max(KL_LIMIT[precision], KL_LIMIT[Precision.FP16] if sixteen else 0.0)


def _worst(scores: Scores, lengths: Scores | None) -> tuple[float | None, str]:
    """The largest divergence, and in which windows: of the text, or of one of the lengths."""
    worst, where = scores.kl_mean, f"windows of {max(scores.windows) + 1} tokens"
    for rows, divergence in zip(lengths.windows, lengths.kl_of_windows, strict=True) if lengths else ():
        if worst is None or divergence > worst:
            worst, where = divergence, f"a window of {rows + 1} tokens"
    return worst, where


def _difference(divergence: float | None, where: str, cause: Callable[[], str]) -> str:
    """What was seen. The cause is not known from a number."""
    if divergence is None:
        return "it could not be scored"
    return f"KL divergence {divergence:.3g} in {where}; {cause()}"


def first_difference(
    got: Sequence[Sequence[int]], expected: Sequence[Sequence[int]], texts: Sequence[str]
) -> str:
    """Where a tokenizer's copy first differs, in words."""
    for mine, right, text in zip(got, expected, texts, strict=False):
        if list(mine) == list(right):
            continue
        at = next(
            (i for i, (a, b) in enumerate(zip(mine, right, strict=False)) if a != b),
            min(len(mine), len(right)),
        )
        return (
            f"tokenizer: {text[:24]!r}... differs at token {at}: "
            f"{list(mine[at : at + 3])} instead of {list(right[at : at + 3])}"
        )
    return "tokenizer: it gave fewer texts back"
