"""The original is proven first: a source made of a file answers as the file itself does, in the framework that runs it.

Law: three arms on the same ids. The source in the reference; the file as it is; and the file's own weights in 16 bits, where no
kernel rounds activations, so that a small fault of the intake cannot hide in the noise of quantized kernels. Only a proof that
holds is kept.
"""

from __future__ import annotations

from dataclasses import replace
from math import exp
from pathlib import Path
from statistics import fmean

from edgewright.app.intake.cause import Side, likely_cause
from edgewright.app.steps.build import build
from edgewright.app.steps.prepare import error_of
from edgewright.app.steps.score import score
from edgewright.core.jobs.requests import ScoreJob
from edgewright.core.jobs.results import Failure
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
            f"The tokenizer made from {Path(source.original).name} is not the file's own; {where}.",
            hint="Give the original Hugging Face directory, whose tokenizer.json needs no rebuilding.",
        )


def _compare(context: Context, source: Source, backend: Backend, text: str) -> Proof:
    tokenizer = context.files.tokenizer(Path(source.path))
    lengths = validation_lengths(source.facts.turning_points)
    ids = tuple(tokenizer.encode(text)[: sum(lengths)])
    job = ScoreJob(
        worker=context.reference.worker,
        artifact=source.path,
        runtime=SCORING_RUNTIME,
        ids=ids,
        context=max(lengths),
        prefix=tokenizer.begin_ids(),
        lengths=lengths,
    )
    made = score(
        context,
        context.reference,
        scoring_of(job),
        identity=source.digest,
        log=context.logs / "proof-source.log",
        keep_reference=True,
    )
    if isinstance(made, Failure):
        raise error_of(made)
    base, reference = made

    def against(artifact: str, identity: str, log: str) -> Scores:
        other = scoring_of(replace(job, worker=backend.worker, artifact=artifact, runtime={}))
        answer = score(
            context, backend, other, identity=identity, log=context.logs / log, reference=reference
        )
        if isinstance(answer, Failure):
            raise error_of(answer)
        scores: Scores = answer[0]
        return scores

    file = against(source.original, digest([source.digest, source.original]), "proof-file.log")
    copy = file
    if source.facts.gguf and source.facts.gguf.bits_per_weight < _FLOAT_BITS:
        unquantized = backend.recipes(source.facts)[0]
        exact = build(context, source, unquantized, None, context.logs / "proof-build.log")
        if isinstance(exact, Failure):
            raise error_of(exact)
        copy = against(exact.path, exact.manifest.key, "proof-copy.log")
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
        runs_file = Side(backend=backend, artifact=source.original, runtime={})
        runs_source = Side(backend=context.reference, artifact=source.path, runtime=SCORING_RUNTIME)
        cause = likely_cause(
            context, runs_file, runs_source, job.prefix + ids, context.logs / "proof-trace.log"
        )
        raise UnprovenError(
            f"The model that was made from {Path(source.original).name} is not the one in the file: KL divergence "
            f"{proof.kl_exact:.3g} nat a token to its own weights (at most {proof.limit_exact:g} is noise), "
            f"{proof.kl_file:.3g} to the file as it runs; perplexity {proof.source_perplexity:.4g} instead of "
            f"{proof.file_perplexity:.4g}; {cause}.",
            hint="Please report it with the file's name; the original Hugging Face directory may be read rightly.",
        )
    return proof
