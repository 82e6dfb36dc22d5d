"""Before anything is quantized: does a framework's conversion answer as the original does, on the same ids?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgewright.core.answers import Failure, TokenizeResult
from edgewright.core.artifact import Artifact
from edgewright.core.jobs import TokenizeJob
from edgewright.core.measurement import Scores
from edgewright.core.model import ModelFacts
from edgewright.core.recipe import Precision
from edgewright.core.run import CrossValidation
from edgewright.ports import Backend, Workshop

KL_LIMIT = {Precision.FP32: 1e-6, Precision.FP16: 1e-3}
_TIMEOUT_S = 300.0


def tokenize(
    shop: Workshop, backend: Backend, artifact: str, texts: tuple[str, ...], log: Path
) -> tuple[tuple[int, ...], ...] | Failure:
    """Ids of the texts by the artifact's own copy of the tokenizer."""
    job = TokenizeJob(worker=backend.worker, artifact=artifact, texts=texts)
    result = shop.ask(backend.toolchain, job, TokenizeResult, log=log, timeout_s=_TIMEOUT_S)
    return result if isinstance(result, Failure) else result.ids


def cross_validate(
    shop: Workshop,
    artifact: Artifact,
    scores: Scores,
    *,
    facts: ModelFacts,
    texts: tuple[str, ...],
    expected: tuple[tuple[int, ...], ...],
    log: Path,
) -> CrossValidation:
    """The verdict on one framework, with the likely cause where it fails."""
    recipe = artifact.recipe
    ids = tokenize(shop, shop.backend(recipe.framework), artifact.path, texts, log)
    same = None if isinstance(ids, Failure) else ids == expected
    limit = KL_LIMIT[recipe.precision]
    divergence = scores.kl_mean
    close = divergence is not None and divergence < limit
    causes = [] if close else [_weights_cause(divergence, facts)]
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


def _weights_cause(divergence: float | None, facts: ModelFacts) -> str:
    """The usual causes by the size of the difference, as met in practice."""
    if divergence is None:
        return "it could not be scored"
    if divergence > 5.0:
        tied = (
            "tied embeddings (the output matrix was lost)"
            if facts.tied_embeddings
            else "weights that were not loaded"
        )
        return f"KL divergence {divergence:.3g}: likely {tied}"
    if divergence > 0.01:
        return f"KL divergence {divergence:.3g}: likely rope (another theta or scaling than the original's)"
    return f"KL divergence {divergence:.3g}: likely numerics (a lower precision than declared)"


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
