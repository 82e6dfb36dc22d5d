"""Which checkpoints generate text: by what config.json says, before a weight is read. Pure.

Law: a checkpoint of another kind is called by its kind (an encoder, a classifier, ...), never "weights do not match".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ENCODERS = frozenset(
    {
        "albert",
        "bert",
        "camembert",
        "deberta",
        "deberta-v2",
        "distilbert",
        "electra",
        "ernie",
        "modernbert",
        "mpnet",
        "nomic_bert",
        "roberta",
        "xlm-roberta",
    }
)
_TWO_HALVES = frozenset(
    {"bart", "blenderbot", "led", "m2m_100", "marian", "mbart", "mt5", "pegasus", "t5", "umt5", "whisper"}
)
_SENSES = {"vision_config": "vision", "audio_config": "audio", "speech_config": "speech"}
_HEADS = {
    "ForSequenceClassification": "a classifier",
    "ForTokenClassification": "a classifier of tokens",
    "ForQuestionAnswering": "a model that marks answers in a text",
    "ForMaskedLM": "an encoder",
    "ForImageClassification": "a classifier of images",
    "ForConditionalGeneration": "an encoder-decoder",
}


def classes(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the model's classes, where config.json has any."""
    declared = config.get("architectures")
    return tuple(name for name in declared if isinstance(name, str)) if isinstance(declared, list) else ()


def no_generator(config: Mapping[str, Any]) -> str:
    """What the checkpoint is in words, where it is not a decoder-only text generator; else nothing.

    A model with code of its own is judged by its senses and halves alone: its class names mean what it likes.
    """
    name = next(iter(classes(config)), "")
    named = f" ({name})" if name else ""
    kind = str(config.get("model_type", ""))
    for key, sense in _SENSES.items():
        if config.get(key):
            return f"a {sense}-language model{named}"
    if config.get("is_encoder_decoder") is True or kind in _TWO_HALVES:
        return f"an encoder-decoder{named}"
    if "auto_map" in config:
        return ""
    for ending, what in _HEADS.items():
        if name.endswith(ending):
            return f"{what}{named}"
    if kind in ENCODERS and config.get("is_decoder") is not True:
        return f"an encoder{named}"
    if name.endswith("Model") and not name.endswith("LMHeadModel"):
        return f"an embedding model without an output layer{named}"
    return ""
