"""mlx-lm's own methods that look at calibration text: AWQ, GPTQ and DWQ, on windows of ids instead of text they would fetch.

All compute in float32: the processor has no fast float16, and a Hessian or a gradient needs the range.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from edgewright.backends.mlx.worker.loading import cast
from edgewright.core.measurement.data import Calibration
from edgewright.core.recipe.recipes import Option
from edgewright.errors import UnsupportedError

if TYPE_CHECKING:
    import mlx.core as mx

_WINDOW = 128
"""Tokens of a calibration sample: long enough for attention to matter."""

_SAMPLES = 32
_DISTILLED_SAMPLES = 256
_BATCH = 4
_LEARNING_RATE = 1e-5
"""Of a distillation over so few tokens; mlx-lm's own 1e-6 is for two million."""

_FALLBACK_BITS = 6
"""What mlx-lm's GPTQ rounds to where it has no Hessian: the embedding."""

_METHODS = ("awq", "gptq", "dwq")


def is_learned(options: Mapping[str, Option]) -> bool:
    """Whether a recipe asks for one of these methods."""
    return any(options.get(method) for method in _METHODS)


def learned(
    model: Any, config: dict[str, Any], options: Mapping[str, Option], calibration: Calibration
) -> tuple[Any, dict[str, Any]]:
    """The quantized model and its configuration.

    Raises:
        UnsupportedError: the method does not know the architecture, or rows do not divide into groups.
    """
    bits, group = int(options["bits"]), int(options["group_size"])
    _demand_groups(model, group)
    cast(model, "float32")
    if options.get("awq"):
        model, config = _awq(model, config, bits, group, _samples(calibration))
    elif options.get("gptq"):
        model, config = _gptq(model, config, bits, group, _samples(calibration))
    else:
        model, config = _dwq(model, config, bits, group, calibration)
    model.eval()
    cast(model, str(options["dtype"]))
    return model, config


def _samples(calibration: Calibration) -> mx.array:
    """[samples, tokens]."""
    import mlx.core as mx

    return mx.array([list(ids) for ids in calibration.windows(_WINDOW, _SAMPLES)])


def _awq(
    model: Any, config: dict[str, Any], bits: int, group: int, samples: mx.array
) -> tuple[Any, dict[str, Any]]:
    from mlx_lm.quant.awq import AWQ_MODEL_CONFIGS, awq_quantize

    known = AWQ_MODEL_CONFIGS.get(config["model_type"])
    if known is None:
        raise UnsupportedError(
            f"mlx-lm's AWQ does not support model type {config['model_type']}.",
            hint="Exclude it with --only, or use GPTQ.",
        )
    awq_quantize(model, samples, known, group_size=group, bits=bits, embed_group_size=group, embed_bits=bits)
    return model, {**config, "quantization": {"group_size": group, "bits": bits}}


def _gptq(
    model: Any, config: dict[str, Any], bits: int, group: int, samples: mx.array
) -> tuple[Any, dict[str, Any]]:
    from mlx_lm.quant.gptq import gptq_quantize

    model, quantization = gptq_quantize(model, samples, bits, group, _FALLBACK_BITS, group, batch_size=_BATCH)
    return model, {**config, "quantization": quantization}


def _dwq(
    model: Any, config: dict[str, Any], bits: int, group: int, calibration: Calibration
) -> tuple[Any, dict[str, Any]]:
    """Scales and offsets of the plain build, moved towards the original's distribution."""
    import mlx.core as mx
    from mlx.optimizers import Adam
    from mlx_lm.quant.dwq import dwq_quantize
    from mlx_lm.utils import quantize_model

    student, config = quantize_model(copy.deepcopy(model), config, group, bits)
    samples = [(list(ids), 0) for ids in calibration.windows(_WINDOW + 1, _DISTILLED_SAMPLES)]
    dwq_quantize(
        student,
        lambda batch, *_, **__: model(batch),
        Adam(learning_rate=_LEARNING_RATE, bias_correction=True),
        samples[_BATCH:],
        samples[:_BATCH],
        batch_size=_BATCH,
        max_seq_length=_WINDOW + 1,
        seed=0,
        dtype=mx.float32,
    )
    return student, config


def _demand_groups(model: Any, group: int) -> None:
    """These methods quantize every matrix or fail."""
    for name, module in model.named_modules():
        if hasattr(module, "to_quantized") and module.weight.shape[-1] % group:
            raise UnsupportedError(
                f"The row length of {name} is not a multiple of {group}, and mlx-lm's learned methods "
                "cannot skip this tensor.",
                hint="Use a build with plain rounding.",
            )
