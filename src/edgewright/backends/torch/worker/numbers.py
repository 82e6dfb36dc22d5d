"""The numbers in a written source: finite all of them, and how large the largest is."""

from __future__ import annotations

from pathlib import Path

from edgewright.backends.torch.worker.checkpoint import weight_files
from edgewright.core.model.facts import FLOAT16_LARGEST
from edgewright.errors import InputError


def largest_weight(source: Path) -> tuple[float, str]:
    """The largest magnitude among the weights, and the tensor that holds it.

    Raises:
        InputError: a weight is NaN or infinite.
    """
    import torch
    from safetensors import safe_open

    largest, where = 0.0, ""
    for file in weight_files(source):
        with safe_open(file, framework="pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118  # it is not a mapping
                weight = tensors.get_tensor(name)
                if not weight.is_floating_point() or not weight.numel():
                    continue
                low, high = (float(value) for value in torch.aminmax(weight))
                if low != low or max(-low, high) == float("inf"):  # noqa: PLR0124  # NaN is not an equal of itself
                    raise _broken(name, weight)
                if max(-low, high) > largest:
                    largest, where = max(-low, high), name
    return largest, where


def notes_of(largest: float, where: str) -> list[str]:
    """What a reader of the report should know of weights that float16 cannot hold."""
    if largest <= FLOAT16_LARGEST:
        return []
    return [
        (
            f"{where} contains values up to {largest:.4g}, above the float16 maximum of "
            f"{FLOAT16_LARGEST:.0f}: builds store 16-bit weights in bfloat16 or in float32"
        )
    ]


def _broken(name: str, weight: object) -> InputError:
    import torch

    nan = int(torch.isnan(weight).sum())
    infinite = int(torch.isinf(weight).sum())
    counted = " and ".join(
        f"{count} {kind}" for count, kind in ((nan, "NaN"), (infinite, "infinite")) if count
    )
    return InputError(
        f"{name} contains values that are not finite: {counted} of {getattr(weight, 'numel', int)()} values.",
        hint="The training run or the conversion that wrote it overflowed; use an earlier checkpoint.",
    )
