"""Lets Olive 0.13 drive a model builder that is newer than the one it was written for, and the builder read ropes and windows.

Law: nothing of either package is replaced but what does not fit. Olive swaps classes of the builder that GenAI no longer has, to
read its own quantized checkpoints; the builder reads those itself now. Olive hands over plain options, where the builder wants
them prepared, with the model's configuration among them. The builder looks for the two ropes of Gemma 3 where Transformers
wrote them before its version 5, and for a window only in configurations that give each layer a type.
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

    if isinstance(builder.create_model, partial):
        return
    ModelBuilder.maybe_patch_quant = staticmethod(_nothing_to_patch)
    builder.create_model = partial(_create, builder.create_model, builder.parse_extra_options)
    builder.LlamaModel.make_rope_init = _every_rope(builder.LlamaModel)
    gemma3 = builder.Gemma3Model
    gemma3.make_rotary_embedding_caches_from_scratch = _plain_in_windows(
        gemma3.make_rotary_embedding_caches_from_scratch
    )


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
        raise ValueError(f"the model builder does not read the option {unread[0]}")
    where = (model_name, input_path, output_dir, str(precision), execution_provider, cache_dir)
    prepared = prepare(*where, [f"{name}={value}" for name, value in options.items()])
    config = prepared["hf_details"]["hf_config"]
    _name_both_ropes(config)
    _name_windows(config)
    create(*where, **prepared)


def _name_both_ropes(config: Any) -> None:
    """The base of Gemma 3's layers with a window beside the rope of the others."""
    ropes = getattr(config, "rope_parameters", None) or {}
    if config.model_type == "gemma3_text" and "rope_type" not in ropes:
        config.rope_local_base_freq = ropes["sliding_attention"]["rope_theta"]
        config.rope_parameters = dict(ropes["full_attention"])


def _every_rope(llama: Any) -> Callable[[Any, Any], None]:
    """Llama's scaling of rope: its class reads llama3 only, and would leave out linear and YaRN.

    Linear scaling is read by its base class. YaRN is not read as Transformers does (borders that are not rounded, and 0 where a
    configuration leaves a default out), so Transformers' own frequencies take the place of the builder's.
    """
    own, base = llama.make_rope_init, llama.__base__.make_rope_init

    def make(model: Any, config: Any) -> None:
        kind = (getattr(config, "rope_parameters", None) or {}).get("rope_type")
        if kind == "yarn":
            from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

            frequencies, factor = ROPE_INIT_FUNCTIONS["yarn"](config, "cpu")
            model.rope_attrs |= {"rescale_inv_freq": {}, "mscale": factor}
            model.make_inv_freq_rescaled = lambda _: frequencies
        else:
            (own if kind == "llama3" else base)(model, config)

    return make


def _name_windows(config: Any) -> None:
    """A window without types of layers is every layer's (Mistral, Phi-3); the builder would leave it out everywhere."""
    window = getattr(config, "sliding_window", None)
    if (
        window
        and getattr(config, "use_sliding_window", True)
        and getattr(config, "layer_types", None) is None
    ):
        config.layer_types = ["sliding_attention"] * config.num_hidden_layers


def _plain_in_windows(make_caches: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Gemma 3's tables of sines: the factor that stretches the full layers' positions is not that of its windows."""

    def make(model: Any) -> Any:
        if model.rope_attrs["theta"] == getattr(model, "rope_local_theta", None):
            model.rope_attrs["rescale_factors"] = 1
        return make_caches(model)

    return make
