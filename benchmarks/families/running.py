"""Takes one tiny model through the product's own functions: intake, every framework, its own GGUF file."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks.families.cells import Cell, Outcome, RowResult, of_error, of_failure
from edgewright.app.intake.cause import Side, likely_cause
from edgewright.app.intake.sources import source_of
from edgewright.app.steps.build import build
from edgewright.app.steps.score import score
from edgewright.core.jobs.requests import ScoreJob
from edgewright.core.jobs.results import Failure
from edgewright.core.measurement.data import Calibration
from edgewright.core.measurement.records import Scores
from edgewright.core.model.facts import Source, SourceKind
from edgewright.core.model.lengths import validation_lengths
from edgewright.core.recipe.artifact import Artifact
from edgewright.core.recipe.recipes import SCORING_RUNTIME, Precision, Recipe
from edgewright.errors import EdgewrightError, UnprovenError
from edgewright.inputs.config import evaluation_text
from edgewright.inputs.models import Trust, locate
from edgewright.ports import Backend, Context
from edgewright.tasks.text_generation.cross_validation import cross_validate
from edgewright.tasks.text_generation.parity import parity_texts
from edgewright.tasks.text_generation.scoring import scoring_of

INTAKE, OWN_FILE = "torch", "its GGUF"
"""Columns beside those of the frameworks."""

_PROMPT, _ANSWER = 48, 8
"""The prompt is longer than the rows' windows."""


def source_at(context: Context, path: Path) -> Source:
    """What a user would get."""
    return source_of(context, locate(str(path), offline=True, trust=Trust()), Trust())


@dataclass(frozen=True)
class Original:
    """A row's model in the reference, scored once for all frameworks."""

    source: Source
    job: ScoreJob
    scores: Scores
    reference: Path
    texts: tuple[str, ...]
    expected: tuple[tuple[int, ...], ...]
    calibration: Calibration


def score_original(context: Context, source: Source) -> Original | Failure:
    """The reference's log-probabilities on windows at both sides of what changes, and its greedy answer."""
    tokenizer = context.files.tokenizer(Path(source.path))
    lengths = validation_lengths(source.facts.turning_points)
    ids = tuple(tokenizer.encode(evaluation_text(None).content[:40_000]))
    job = ScoreJob(
        worker=context.reference.worker,
        artifact=source.path,
        runtime=SCORING_RUNTIME,
        ids=ids[: sum(lengths)],
        context=max(lengths),
        prefix=tokenizer.begin_ids(),
        lengths=lengths,
        prompt=ids[-_PROMPT:],
        answer=_ANSWER,
    )
    log = context.logs / f"{source.name}-original.log"
    kept = score(
        context, context.reference, scoring_of(job), identity=source.digest, log=log, keep_reference=True
    )
    if isinstance(kept, Failure):
        return kept
    texts = parity_texts(tokenizer)
    return Original(
        source=source,
        job=job,
        scores=kept[0],
        reference=kept[1],
        texts=texts,
        expected=tuple(tuple(tokenizer.encode(text)) for text in texts),
        calibration=Calibration(ids=ids[:4096], text=tokenizer.decode(list(ids[:4096]))),
    )


@dataclass(frozen=True)
class Runner:
    """One row at a time; several may run beside each other."""

    context: Context

    def row(self, name: str, folder: Path, wanted: Collection[str]) -> RowResult:
        """The wanted cells of a row; nothing is raised that a user would not see as a sentence."""
        original = self._intake(folder)
        if isinstance(original, Cell):
            absent = dict.fromkeys([*self.context.backends, OWN_FILE], Cell(outcome=Outcome.ABSENT))
            return RowResult(row=name, cells={INTAKE: original, **absent})
        cells = {INTAKE: Cell(outcome=Outcome.WORKS)}
        for framework in self.context.backends:
            if framework in wanted:
                cells[framework] = _guarded(partial(self._framework, framework, original))
        if OWN_FILE in wanted:
            cells[OWN_FILE] = _guarded(partial(self._own_file, original, folder))
        return RowResult(row=name, cells=cells)

    def _intake(self, folder: Path) -> Original | Cell:
        lacking = folder.with_name(f"{folder.name}.error")
        if lacking.exists():
            return Cell(outcome=Outcome.FAILED, reason=lacking.read_text(encoding="utf-8"))
        try:
            original = score_original(self.context, source_at(self.context, folder))
        except EdgewrightError as error:
            return of_error(error)
        return of_failure(original) if isinstance(original, Failure) else original

    def _framework(self, framework: str, original: Original) -> Cell:
        backend, source = self.context.backends[framework], original.source
        fit = backend.fit(source.facts)
        if not fit.works:
            return Cell(outcome=Outcome.REFUSED, reason="; ".join(fit.reasons))
        recipes = backend.recipes(source.facts)
        artifact = self._build(original, recipes[0], None)
        if isinstance(artifact, Failure):
            return of_failure(artifact)
        scores = self._score(backend, artifact, original)
        if isinstance(scores, Failure):
            return of_failure(scores)
        cross = cross_validate(
            self.context,
            artifact,
            scores,
            texts=original.texts,
            expected=original.expected,
            log=self._log(original, recipes[0]),
            lengths=scores,
            routed=bool(source.facts.experts),
            cause=partial(self._cause, backend, artifact, original),
        )
        cell = Cell(
            outcome=Outcome.WORKS if cross.equal else Outcome.WRONG,
            reason=cross.cause,
            build=recipes[0].name,
            kl=cross.kl_divergence,
            generates=scores.generated == original.scores.generated,
        )
        return self._quantized(cell, backend, recipes, artifact, original) if cross.equal else cell

    def _quantized(
        self, cell: Cell, backend: Backend, recipes: tuple[Recipe, ...], base: Artifact, original: Original
    ) -> Cell:
        able = [r for r in recipes if r.precision is Precision.INT8 and r.base in {"", recipes[0].name}]
        if not able:
            return replace(cell, quantized_reason="none is offered for this model")
        cell = replace(cell, quantized=able[0].name)
        artifact = self._build(original, able[0], base if able[0].base else None)
        if isinstance(artifact, Failure):
            return replace(cell, quantized_reason=artifact.reason)
        scores = self._score(backend, artifact, original)
        if isinstance(scores, Failure):
            return replace(cell, quantized_reason=scores.reason)
        return replace(cell, quantized_kl=max(scores.kl_of_windows))

    def _build(self, original: Original, recipe: Recipe, base: Artifact | None) -> Artifact | Failure:
        log = self._log(original, recipe)
        return build(self.context, original.source, recipe, base, log, original.calibration)

    def _score(self, backend: Backend, artifact: Artifact, original: Original) -> Scores | Failure:
        job = replace(
            original.job, worker=backend.worker, artifact=artifact.path, runtime=artifact.recipe.runtime
        )
        answer = score(
            self.context,
            backend,
            scoring_of(job),
            identity=artifact.manifest.key,
            log=self._log(original, artifact.recipe),
            reference=original.reference,
        )
        return answer if isinstance(answer, Failure) else answer[0]

    def _cause(self, backend: Backend, artifact: Artifact, original: Original) -> str:
        one = Side(backend=self.context.reference, artifact=original.source.path, runtime=SCORING_RUNTIME)
        other = Side(backend=backend, artifact=artifact.path, runtime=artifact.recipe.runtime)
        ids = (*original.job.prefix, *original.job.ids)
        return likely_cause(self.context, one, other, ids, self._log(original, artifact.recipe))

    def _own_file(self, original: Original, folder: Path) -> Cell:
        """The file that the converter of a framework that runs files made, as a user's input."""
        kind = SourceKind.GGUF
        backend = next(backend for backend in self.context.backends.values() if kind in backend.runs)
        facts = original.source.facts
        artifact = (
            self._build(original, backend.recipes(facts)[0], None) if backend.fit(facts).works else None
        )
        if not isinstance(artifact, Artifact):
            return Cell(outcome=Outcome.ABSENT)
        file = next(Path(artifact.path).glob("*.gguf"))
        named = folder.parent / f"{folder.name}.gguf"
        if not named.exists():
            named.symlink_to(file)
        try:
            source = source_at(self.context, named)
        except UnprovenError as error:
            return Cell(outcome=Outcome.WRONG, reason=error.message)
        gguf = source.facts.gguf
        if gguf and gguf.unmapped:
            return Cell(outcome=Outcome.FILE_ONLY, reason=gguf.unmapped)
        return Cell(outcome=Outcome.WORKS, kl=source.proof.kl_exact if source.proof else None)

    def _log(self, original: Original, recipe: Recipe) -> Path:
        return self.context.logs / f"{original.source.name}-{recipe.id.replace('/', '-')}.log"


def _guarded(run: Callable[[], Cell]) -> Cell:
    try:
        return run()
    except EdgewrightError as error:
        return of_error(error)
