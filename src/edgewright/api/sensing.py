"""``sensitivity``: what quantization costs where, measured in the reference and kept."""

from __future__ import annotations

from pathlib import Path

from edgewright.api.intake import source_of
from edgewright.api.quiet import Quiet
from edgewright.config import evaluation_text
from edgewright.core.answers import Failure
from edgewright.core.policy import Policy
from edgewright.core.sensitivity import Sensitivity
from edgewright.pipeline.optimize import parts_of
from edgewright.pipeline.request import Request
from edgewright.ports import Reporter
from edgewright.runtime.models import Trust, locate
from edgewright.stages import sensitivity as stage
from edgewright.stages.prepare import error_of
from edgewright.wiring import Wiring


def sensitivity(
    model: str,
    *,
    eval_data: str | Path | None = None,
    offline: bool = False,
    allow_pickle: bool = False,
    allow_remote_code: bool = False,
    reporter: Reporter | None = None,
) -> Sensitivity:
    """The KL divergence (nat per token) that rounding each tensor group costs, on calibration ids of the text.

    They are the ids that `optimize` would calibrate on with the same text, so that it finds the table done.

    Raises:
        EdgewrightError: the model cannot be had or run, or the text is too short to calibrate on.
    """
    wiring = Wiring(offline)
    trust = Trust(allow_pickle=allow_pickle, allow_remote_code=allow_remote_code)
    origin = locate(model, offline=offline, trust=trust)
    shop = wiring.workshop(reporter or Quiet(), wiring.home.root / "logs" / "sensitivity")
    source = source_of(shop, origin, trust)
    request = Request(text=evaluation_text(eval_data), policy=Policy())
    ids = shop.files.tokenizer(Path(source.path)).encode(request.text.content)
    found = stage.sensitivity(shop, source, parts_of(ids, request).calibration, shop.logs / "sensitivity.log")
    if isinstance(found, Failure):
        raise error_of(found)
    return found
