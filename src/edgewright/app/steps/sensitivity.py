"""The sensitivity table of a source: measured once in the reference, part by part, so that a kill loses one part only."""

from __future__ import annotations

from pathlib import Path

from edgewright.core.jobs.requests import SensitivityJob
from edgewright.core.jobs.results import Failure, FailureKind, SensitivityResult
from edgewright.core.keys import digest
from edgewright.core.model.facts import Source
from edgewright.core.recipe.sensitivity import BITS, Curve, Sensitivity, groups_of
from edgewright.ports import Context, JobFailed

_RECORD = "curves.json"
_GROUP_SIZE = 32
_GROUPS_AT_ONCE = 8
_LEAST_TOKENS = 64
TOKENS = 256
"""Calibration ids on which costs are measured: all groups on the same ones, so that they can be compared."""


def sensitivity(
    context: Context, source: Source, calibration: tuple[int, ...], log: Path
) -> Sensitivity | Failure:
    """The table of a source, from the store as far as it was measured before."""
    ids = calibration[:TOKENS]
    if len(ids) < _LEAST_TOKENS:
        reason = f"The text leaves {len(ids)} tokens to calibrate on, and {_LEAST_TOKENS} are needed."
        return Failure(failure=FailureKind.INVALID_INPUT, reason=reason)
    groups = groups_of(context.files.tensors(Path(source.path)), tied=source.facts.tied_embeddings)
    groups = tuple(sorted(groups, key=lambda group: (group.first, group.name)))
    curves: list[Curve] = []
    for start in range(0, len(groups), _GROUPS_AT_ONCE):
        context.reporter.phase(f"measuring how much quantization costs: group {start + 1} of {len(groups)}")
        job = SensitivityJob(
            worker=context.reference.worker,
            source=source.path,
            ids=ids,
            groups=groups[start : start + _GROUPS_AT_ONCE],
            bits=BITS,
            group_size=_GROUP_SIZE,
        )
        found = _part(context, source, job, log)
        if isinstance(found, Failure):
            return found
        curves += found.curves
    method = (
        f"rounded to nearest in groups of {_GROUP_SIZE} with scale and offset, teacher forced, in float32"
    )
    return Sensitivity(source=source.digest, curves=tuple(curves), tokens=len(ids), method=method)


def _part(context: Context, source: Source, job: SensitivityJob, log: Path) -> SensitivityResult | Failure:
    backend = context.reference
    made_by = [source.digest, backend.toolchain.builder.digest, backend.code_digest]
    key = digest([*made_by, digest(list(job.ids)), job.groups, job.bits, job.group_size])

    def make(draft: Path) -> None:
        draft.mkdir()
        result = context.ask(backend.toolchain, job, SensitivityResult, log=log)
        if isinstance(result, Failure):
            raise JobFailed(result)
        context.files.write(draft / _RECORD, result)

    kept = context.store.find("sensitivity", key)
    found = kept or context.keep("sensitivity", key, make, what="The sensitivity table", log=log)
    if isinstance(found, Failure):
        return found
    answer: SensitivityResult = context.files.read(found / _RECORD, SensitivityResult)
    return answer
