"""The original is proven first: a source made of a file answers as the file itself does, in the framework that runs it.

Law: three arms on the same ids. The source in the reference; the file as it is; and the file's own weights in 16 bits, where no
kernel rounds activations, so that a small fault of the intake cannot hide in the noise of quantized kernels. Only a proof that
holds is kept.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import exp
from pathlib import Path
from statistics import fmean

from edgewright.app.intake.cause import Side, likely_cause
from edgewright.app.steps.build import build
from edgewright.app.steps.score import score
from edgewright.core.jobs.requests import ScoreJob
from edgewright.core.jobs.results import Failure, error_of
from edgewright.core.keys import digest
from edgewright.core.measurement.records import PROTOCOL_VERSION, Scores
from edgewright.core.model.facts import Source
from edgewright.core.model.lengths import validation_lengths
from edgewright.core.model.proof import EXACT_KL, ROUTED, Proof
from edgewright.core.recipe.recipes import SCORING_RUNTIME
from edgewright.errors import UnprovenError
from edgewright.ports import Backend, Context
from edgewright.tasks.text_generation.cross_validation import first_difference, tokenize
from edgewright.tasks.text_generation.parity import parity_texts
from edgewright.tasks.text_generation.scoring import scoring_of

_RECORD = "proof.json"
_FLOAT_BITS = 16.0


def proven(context: Context, source: Source, text: str) -> Source:
    """The source with the proof that it is the file's model; one that was made from no file is returned as it is.

    Raises:
        UnprovenError: it is another model, or its tokenizer cuts texts otherwise.
        EdgewrightError: a framework could not be asked.
    """
    backend = next((b for b in context.backends.values() if source.kind in b.runs), None)
    if backend is None or not source.original:
        return source
    made_by = [backend.toolchain.builder.digest, backend.code_digest, context.reference.code_digest]
    key = digest([PROTOCOL_VERSION, source.digest, source.original, *made_by])
    found = context.store.find("proofs", key)
    if found is None:
        context.reporter.phase(f"comparing {source.name} with its file in {backend.toolchain.title}")
        _demand_tokenizer(context, source, backend)
        proof = None if _runs_only_itself(source) else _compare(context, source, backend, text)
        with context.store.building("proofs", key) as draft:
            draft.mkdir()
            context.files.write(draft / _RECORD, replace(source, path="", proof=proof))
        return replace(source, proof=proof)
    kept: Source = context.files.read(found / _RECORD, Source)
    return replace(source, proof=kept.proof)


def _runs_only_itself(source: Source) -> bool:
    return bool(source.facts.gguf and source.facts.gguf.unmapped)


def _demand_tokenizer(context: Context, source: Source, backend: Backend) -> None:
    tokenizer = context.files.tokenizer(Path(source.path))
    texts = parity_texts(tokenizer)
    expected = tokenize(context, backend, source.original, texts, context.logs / "proof-tokenize.log")
    if isinstance(expected, Failure):
        raise error_of(expected)
    mine = tuple(tuple(tokenizer.encode(text)) for text in texts)
    if mine != expected:
        where = first_difference(mine, expected, texts)
        raise UnprovenError(
            f"The tokenizer made from {Path(source.original).name} differs from the tokenizer in the file.",
            because=(where,),
            hint="Give the original Hugging Face directory, which has a tokenizer.json.",
        )


def _compare(context: Context, source: Source, backend: Backend, text: str) -> Proof:
    """The proof of a source, from the three arms' scores of the same ids.

    Raises:
        UnprovenError: the source is another model than the file.
        EdgewrightError: a framework could not be asked.
    """
    job = _scoring_job(context, source, text)
    base, reference = _scored(
        context, context.reference, job, source.digest, "proof-source.log", keep_reference=True
    )
    against = partial(_scored, context, backend, reference=reference)
    there = replace(job, worker=backend.worker, runtime={})
    of_file = digest([source.digest, source.original])
    file, _ = against(replace(there, artifact=source.original), of_file, "proof-file.log")
    copy = file
    if source.facts.gguf and source.facts.gguf.bits_per_weight < _FLOAT_BITS:
        unquantized = backend.recipes(source.facts)[0]
        exact = build(context, source, unquantized, None, context.logs / "proof-build.log")
        if isinstance(exact, Failure):
            raise error_of(exact)
        copy, _ = against(replace(there, artifact=exact.path), exact.manifest.key, "proof-copy.log")
    proof = Proof(
        framework=backend.name,
        tokens=base.tokens,
        file_perplexity=exp(fmean(file.nll)),
        source_perplexity=exp(fmean(base.nll)),
        kl_file=file.kl_mean or 0.0,
        kl_exact=copy.kl_mean or 0.0,
        limit_exact=EXACT_KL * (ROUTED if source.facts.experts else 1.0),
    )
    if not proof.holds:
        raise _unproven(context, source, backend, proof, job.prefix + job.ids)
    return proof


def _scoring_job(context: Context, source: Source, text: str) -> ScoreJob:
    """Score the source in the reference, on windows of every length at which the model changes."""
    tokenizer = context.files.tokenizer(Path(source.path))
    lengths = validation_lengths(source.facts.turning_points)
    return ScoreJob(
        worker=context.reference.worker,
        artifact=source.path,
        runtime=SCORING_RUNTIME,
        ids=tuple(tokenizer.encode(text)[: sum(lengths)]),
        context=max(lengths),
        prefix=tokenizer.begin_ids(),
        lengths=lengths,
    )


def _scored(
    context: Context,
    backend: Backend,
    job: ScoreJob,
    identity: str,
    log: str,
    *,
    reference: Path | None = None,
    keep_reference: bool = False,
) -> tuple[Scores, Path]:
    answer = score(
        context,
        backend,
        scoring_of(job),
        identity=identity,
        log=context.logs / log,
        reference=reference,
        keep_reference=keep_reference,
    )
    if isinstance(answer, Failure):
        raise error_of(answer)
    return answer


def _unproven(
    context: Context, source: Source, backend: Backend, proof: Proof, ids: tuple[int, ...]
) -> UnprovenError:
    """The error of a proof that does not hold, with the cause that evidence names."""
    runs_file = Side(backend=backend, artifact=source.original, runtime={})
    runs_source = Side(backend=context.reference, artifact=source.path, runtime=SCORING_RUNTIME)
    cause = likely_cause(context, runs_file, runs_source, ids, context.logs / "proof-trace.log")
    return UnprovenError(
        f"The model made from {Path(source.original).name} differs from the model in the file: KL "
        f"divergence {proof.kl_exact:.3g} nat per token to its own weights (limit "
        f"{proof.limit_exact:g}), {proof.kl_file:.3g} to the file in its own runtime; perplexity "
        f"{proof.source_perplexity:.4g} instead of {proof.file_perplexity:.4g}.",
        because=(cause,),
        hint="Please report this with the file's name. The original Hugging Face directory may work.",
    )
