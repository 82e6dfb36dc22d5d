"""Reading MLX models from a directory, and what their parameters are.

Artifacts hold float16 (the precision of the Metal kernels). The CPU build has no float16 arithmetic worth the
name (quantized products run 40 times slower than in float32), so on a CPU the unpacked weights and the scales are
widened to float32 on loading: exact, and the placement says so.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edgewright.errors import InputError, UnsupportedError

_UNPREPARED = (ArithmeticError, AssertionError, AttributeError, LookupError, NotImplementedError, TypeError)
"""What an implementation raises where a configuration is not what it was written for."""


def load(directory: Path) -> tuple[Any, dict[str, Any]]:
    """The model, its parameters not read yet, and its configuration.

    Raises:
        InputError: the directory is incomplete or damaged.
        UnsupportedError: mlx-lm lacks the architecture.
    """
    from mlx_lm.utils import load_model

    try:
        model, config = load_model(directory, lazy=True)
    except (FileNotFoundError, json.JSONDecodeError, RuntimeError) as error:
        raise InputError(
            f"MLX cannot read {directory.name}: {error}.",
            hint="The directory is incomplete or damaged; create it again.",
        ) from error
    except ValueError as error:
        raise _refused(error) from error
    except _UNPREPARED as error:
        raise UnsupportedError(
            f"mlx-lm fails on this model: {type(error).__name__}: {error}.",
            hint="Build it with another framework.",
        ) from error
    return model, config


def _refused(error: ValueError) -> UnsupportedError | InputError:
    """mlx-lm raises ValueError both for what it lacks and for weights that do not fit the configuration."""
    text = str(error).splitlines()[0]
    if "parameters not in model" in text or "Missing" in text or "shape" in text:
        return InputError(
            f"The weights do not match the configuration: {text.rstrip(': .')}.",
            hint="Create the source directory again.",
        )
    return UnsupportedError(
        f"mlx-lm cannot build this model: {text}", hint="Build it with another framework."
    )


def on_cpu() -> bool:
    """Whether MLX computes on the processor."""
    import mlx.core as mx

    return bool(mx.default_device() == mx.cpu)


def cast(model: Any, dtype: str) -> None:
    """Floating-point parameters to ``dtype`` where the model lets them; packed weights are integers and stay."""
    import mlx.core as mx
    from mlx.utils import tree_map_with_path

    may_cast = getattr(model, "cast_predicate", lambda _: True)

    def convert(name: str, value: Any) -> Any:
        floating = mx.issubdtype(value.dtype, mx.floating) and may_cast(name)
        return value.astype(getattr(mx, dtype)) if floating else value

    model.update(tree_map_with_path(convert, model.parameters()))


def float_type(model: Any) -> str:
    """The precisions of its floating-point parameters."""
    import mlx.core as mx
    from mlx.utils import tree_flatten

    kinds = {
        value.dtype
        for _, value in tree_flatten(model.parameters())
        if mx.issubdtype(value.dtype, mx.floating)
    }
    return ", ".join(sorted(str(kind).removeprefix("mlx.core.") for kind in kinds))
