"""The sensitivity table of a source: measured once in the reference, part by part, so that a kill loses one part only."""

from __future__ import annotations

from pathlib import Path

from edgewright.core.answers import Failure, FailureKind, SensitivityResult
from edgewright.core.jobs import SensitivityJob
from edgewright.core.keys import digest
from edgewright.core.model import Source
from edgewright.core.sensitivity import BITS, Curve, Sensitivity, groups_of
from edgewright.ports import JobFailed, Workshop

_RECORD = "curves.json"
_GROUP_SIZE = 32
_GROUPS_AT_ONCE = 8
_TIMEOUT_S = 3600.0
_LEAST_TOKENS = 64
TOKENS = 256
"""Calibration ids on which costs are measured: all groups on the same ones, so that they can be compared."""


def sensitivity(
    shop: Workshop, source: Source, calibration: tuple[int, ...], log: Path
) -> Sensitivity | Failure:
    """The table of a source, from the store as far as it was measured before."""
    ids = calibration[:TOKENS]
    if len(ids) < _LEAST_TOKENS:
        reason = f"The text leaves {len(ids)} tokens to calibrate on, and {_LEAST_TOKENS} are needed."
        return Failure(failure=FailureKind.INVALID_INPUT, reason=reason)
    groups = groups_of(shop.files.tensors(Path(source.path)), tied=source.facts.tied_embeddings)
    groups = tuple(sorted(groups, key=lambda group: (group.first, group.name)))
    curves: list[Curve] = []
    for start in range(0, len(groups), _GROUPS_AT_ONCE):
        shop.reporter.phase(f"measuring how much quantization costs: group {start + 1} of {len(groups)}")
        job = SensitivityJob(
            worker=shop.reference.worker,
            source=source.path,
            ids=ids,
            groups=groups[start : start + _GROUPS_AT_ONCE],
            bits=BITS,
            group_size=_GROUP_SIZE,
        )
        found = _part(shop, source, job, log)
        if isinstance(found, Failure):
            return found
        curves += found.curves
    method = (
        f"rounded to nearest in groups of {_GROUP_SIZE} with scale and offset, teacher forced, in float32"
    )
    return Sensitivity(source=source.digest, curves=tuple(curves), tokens=len(ids), method=method)


def _part(shop: Workshop, source: Source, job: SensitivityJob, log: Path) -> SensitivityResult | Failure:
    backend = shop.reference
    made_by = [source.digest, backend.toolchain.digest, backend.code_digest]
    key = digest([*made_by, digest(list(job.ids)), job.groups, job.bits, job.group_size])

    def make(draft: Path) -> None:
        draft.mkdir()
        result = shop.ask(
            backend.toolchain, job, SensitivityResult, log=log, timeout_s=_TIMEOUT_S, alone=False
        )
        if isinstance(result, Failure):
            raise JobFailed(result)
        shop.files.write(draft / _RECORD, result)

    kept = shop.store.find("sensitivity", key)
    found = kept or shop.keep("sensitivity", key, make, what="The sensitivity table", log=log)
    if isinstance(found, Failure):
        return found
    answer: SensitivityResult = shop.files.read(found / _RECORD, SensitivityResult)
    return answer
