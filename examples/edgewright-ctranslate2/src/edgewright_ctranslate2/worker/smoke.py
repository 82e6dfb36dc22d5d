"""A decoder of random weights, made and run: what the toolchain's check stands on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgewright_ctranslate2.worker.session import CTranslate2Session

_VOCABULARY, _WIDTH, _TOKENS = 96, 32, 6


def check(scratch: Path) -> None:
    """Decode greedily with a KV cache, and hold each id against the logits of the whole text.

    Raises:
        ArithmeticError: they differ.
    """
    folder = scratch / "decoder"
    _write(folder)
    session = CTranslate2Session(folder, {})
    prompt = [1, 2, 3]
    answer = list(session.generate(prompt, _TOKENS))
    (logits,) = session.score([*prompt, *answer[:-1]])
    expected = logits[len(prompt) - 1 :].argmax(axis=1).tolist()
    session.close()
    if answer != expected:
        raise ArithmeticError(f"CTranslate2 decoded {answer}, and its logits call for {expected}.")


def _write(folder: Path) -> None:
    from ctranslate2.specs import TransformerDecoderModelSpec

    spec: Any = TransformerDecoderModelSpec.from_config(
        1, 4, pre_norm=True, ffn_glu=True, rms_norm=True, rotary_dim=0, rotary_interleave=False
    )
    spec.decoder.scale_embeddings = False
    _fill(spec.decoder)
    spec.register_vocabulary([f"t{index}" for index in range(_VOCABULARY)])
    spec.config.unk_token, spec.config.bos_token, spec.config.eos_token = "t0", "t1", "t2"
    spec.validate()
    spec.optimize(quantization="int8_float32")
    folder.mkdir(parents=True)
    spec.save(str(folder))


def _fill(decoder: Any) -> None:
    import numpy as np

    generator = np.random.default_rng(0)
    layer = decoder.layer[0]
    for norm in (decoder.layer_norm, layer.self_attention.layer_norm, layer.ffn.layer_norm):
        norm.gamma = np.ones(_WIDTH, np.float32)
    for part, rows, columns in (
        (decoder.embeddings, _VOCABULARY, _WIDTH),
        (decoder.projection, _VOCABULARY, _WIDTH),
        (layer.self_attention.linear[0], 3 * _WIDTH, _WIDTH),
        (layer.self_attention.linear[1], _WIDTH, _WIDTH),
        (layer.ffn.linear_0, 2 * _WIDTH, _WIDTH),
        (layer.ffn.linear_0_noact, 2 * _WIDTH, _WIDTH),
        (layer.ffn.linear_1, _WIDTH, 2 * _WIDTH),
    ):
        part.weight = generator.normal(size=(rows, columns)).astype(np.float32)
