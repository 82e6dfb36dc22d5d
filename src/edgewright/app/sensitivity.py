"""``sensitivity``: what quantization costs where, measured in the reference and kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgewright.app.intake.sources import source_of
from edgewright.app.optimize.order import exam_request
from edgewright.app.optimize.request import Request
from edgewright.app.options import ModelOptions
from edgewright.app.steps import sensitivity as step
from edgewright.app.steps.prepare import error_of
from edgewright.core.decision.policy import Policy
from edgewright.core.jobs.results import Failure
from edgewright.core.recipe.sensitivity import Sensitivity
from edgewright.inputs.config import evaluation_text
from edgewright.inputs.models import locate
from edgewright.ports import Context
from edgewright.tasks.text_generation.parts import parts_of


@dataclass(frozen=True, kw_only=True)
class SensitivityOptions(ModelOptions):
    """``eval_data`` is the file of the text to calibrate on (default: Python's own reference)."""

    eval_data: str | Path | None = None


def sensitivity(context: Context, model: str, options: SensitivityOptions) -> Sensitivity:
    """The KL divergence (nat per token) that rounding each tensor group costs, on calibration ids of the text.

    They are the ids that `optimize` would calibrate on with the same text, so that it finds the table done.

    Raises:
        EdgewrightError: the model cannot be had or run, or the text is too short to calibrate on.
    """
    origin = locate(model, offline=context.offline, trust=options.trust)
    source = source_of(context, origin, options.trust)
    request = Request(text=evaluation_text(options.eval_data), policy=Policy())
    ids = context.files.tokenizer(Path(source.path)).encode(request.text.content)
    calibration = parts_of(ids, exam_request(request)).calibration
    found = step.sensitivity(context, source, calibration, context.logs / "sensitivity.log")
    if isinstance(found, Failure):
        raise error_of(found)
    return found
