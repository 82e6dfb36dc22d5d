"""Lets Olive 0.13 drive a model builder that is newer than the one it was written for.

Law: nothing of either package is replaced but the two places where they no longer fit together. Olive swaps classes of the
builder that GenAI no longer has, to read its own quantized checkpoints; the builder reads those itself now. And Olive hands
over plain options, where the builder wants them prepared, with the model's configuration among them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

_OLD = "int4_"
"""What Olive's own names of the quantizer's options begin with; the builder ignores them, and would take its defaults."""


def join_olive_and_builder() -> None:
    """Make Olive's ``ModelBuilder`` pass work in this process; the second time changes nothing."""
    from olive.passes.onnx.model_builder import ModelBuilder
    from onnxruntime_genai.models import builder

    ModelBuilder.maybe_patch_quant = staticmethod(_nothing_to_patch)
    if not isinstance(builder.create_model, partial):
        builder.create_model = partial(_create, builder.create_model, builder.parse_extra_options)


def _nothing_to_patch() -> None:
    """In place of what makes an older builder read Olive's checkpoints."""


def _create(
    create: Callable[..., None],
    prepare: Callable[..., dict[str, Any]],
    *,
    model_name: str,
    input_path: str,
    output_dir: str,
    precision: str,
    execution_provider: str,
    cache_dir: str,
    **options: Any,
) -> None:
    """The builder's ``create_model`` as Olive calls it.

    Raises:
        ValueError: an option by a name that the builder no longer reads.
    """
    unread = sorted(name for name in options if name.startswith(_OLD))
    if unread:
        raise ValueError(f"the model builder reads no option {unread[0]}")
    where = (model_name, input_path, output_dir, str(precision), execution_provider, cache_dir)
    create(*where, **prepare(*where, [f"{name}={value}" for name, value in options.items()]))
