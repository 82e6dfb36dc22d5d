"""Tiny models with what an intake can lose: biases and a rope base; norms with an offset, two ropes, a window. And one,
StableLM, whose GGUF file Transformers cannot be given.

    python proof_models.py OUT TOKENIZER_DIR

Run by the reference's Python. Attention is sharp and logits are far apart, so that nothing that is lost stays small.
"""

import math
import shutil
import sys
from pathlib import Path

import torch
import transformers

OUT, TOKENIZER = Path(sys.argv[1]), Path(sys.argv[2])
SIZES = {
    "vocab_size": 49152,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "tie_word_embeddings": True,
}


def keep(model, name, norm):
    torch.manual_seed(5)
    for place, weight in model.named_parameters():
        with torch.no_grad():
            if weight.ndim >= 2:
                weight.normal_(
                    0.0,
                    (2.0 if "q_proj" in place or "k_proj" in place else 1.0) / math.sqrt(weight.shape[-1]),
                )
            elif place.endswith("bias"):
                weight.normal_(0.0, 0.5)
            else:
                weight.normal_(norm, 0.2)
    model.save_pretrained(OUT / name)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(TOKENIZER / file, OUT / name / file)


keep(
    transformers.Qwen2ForCausalLM(
        transformers.Qwen2Config(
            num_hidden_layers=2, rope_parameters={"rope_type": "default", "rope_theta": 5e5}, **SIZES
        )
    ),
    "qwen2",
    1.0,
)
keep(
    transformers.Gemma3ForCausalLM(
        transformers.Gemma3TextConfig(
            num_hidden_layers=6,
            head_dim=16,
            sliding_window=32,
            query_pre_attn_scalar=16,
            layer_types=["sliding_attention"] * 5 + ["full_attention"],
            rope_parameters={
                "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
                "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
            },
            **SIZES,
        )
    ),
    "gemma3",
    0.0,
)
keep(
    transformers.StableLmForCausalLM(
        transformers.StableLmConfig(
            num_hidden_layers=2, **SIZES | {"num_key_value_heads": 4, "tie_word_embeddings": False}
        )
    ),
    "stablelm",
    1.0,
)
