"""Tiny random models of the kinds that people ship, each in a folder of its own. Run by the reference's Python:

    python tiny_models.py OUT TOKENIZER_DIR

Their attention and logits matter, unlike those of a default initialisation.
"""

import json
import math
import shutil
import sys
from pathlib import Path

import peft
import sentencepiece
import torch
import transformers
from safetensors.torch import load_file, save_file

OUT, TOKENIZER = Path(sys.argv[1]), Path(sys.argv[2])
VOCABULARY = 49152
UP = "model.layers.1.mlp.up_proj.weight"
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
)


def awake(model):
    """Weights with which attention is sharp and logits are far apart."""
    torch.manual_seed(3)
    for name, weight in model.named_parameters():
        if weight.ndim < 2:
            continue
        sharp = 2.0 if any(part in name for part in ("q_proj", "k_proj", "c_attn")) else 1.0
        torch.nn.init.normal_(weight, 0.0, sharp / math.sqrt(weight.shape[-1]))
    return model


def llama(**settings):
    sizes = {
        "vocab_size": VOCABULARY,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "tie_word_embeddings": True,
    }
    return awake(transformers.LlamaForCausalLM(transformers.LlamaConfig(**{**sizes, **settings})))


def keep(model, name, *, tokenizer=True):
    folder = OUT / name
    model.save_pretrained(folder)
    for file in TOKENIZER_FILES if tokenizer else ():
        if (TOKENIZER / file).exists():
            shutil.copyfile(TOKENIZER / file, folder / file)
    return folder


def settings(folder, name="config.json", drop=(), **changed):
    known = json.loads((folder / name).read_text())
    (folder / name).write_text(
        json.dumps({key: value for key, value in {**known, **changed}.items() if key not in drop})
    )


def weights(folder, change):
    known = load_file(folder / "model.safetensors")
    change(known)
    save_file(known, folder / "model.safetensors", metadata={"format": "pt"})


def nan(known):
    known[UP][3, 5] = float("nan")


def infinite(known):
    known[UP][0, 0] = float("inf")


def foreign(known):
    known["model.layers.7.mlp.up_proj.weight"] = known[UP].clone()


def stale_buffers(known):
    known["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(8)


def large(known):
    known[UP][2, 2] = 1e5


for kind, change in (
    ("nan", nan),
    ("infinite", infinite),
    ("foreign", foreign),
    ("buffers", stale_buffers),
    ("large", large),
):
    weights(keep(llama(), kind), change)

plain = keep(llama(), "plain")
keep(llama(), "Modèle avec espaces").chmod(0o555)

quiet = keep(llama(), "no_ids")
settings(quiet, drop=("eos_token_id", "bos_token_id"))
(quiet / "generation_config.json").unlink()
settings(quiet, "tokenizer_config.json", eos_token="<|endoftext|>", bos_token="<|endoftext|>")

nothing = keep(llama(), "no_end")
settings(nothing, drop=("eos_token_id",))
(nothing / "generation_config.json").unlink()
settings(nothing, "tokenizer_config.json", drop=("eos_token",))
(nothing / "special_tokens_map.json").unlink(missing_ok=True)

several = keep(llama(eos_token_id=[2, 0]), "several_ends")

own_class = keep(llama(), "own_class")
settings(own_class, "tokenizer_config.json", tokenizer_class="MyOwnTokenizerFast")

named = keep(llama(), "named_templates")
(named / "chat_template.jinja").unlink()
both = [{"name": "default", "template": "D{{ messages[0].content }}"}, {"name": "tool_use", "template": "T"}]
settings(named, "tokenizer_config.json", chat_template=both)

gemma = transformers.Gemma3TextConfig(
    vocab_size=VOCABULARY,
    hidden_size=64,
    intermediate_size=128,
    num_hidden_layers=6,
    num_attention_heads=2,
    num_key_value_heads=1,
    head_dim=32,
    sliding_window=32,
    rope_parameters={
        "full_attention": {"rope_type": "linear", "factor": 4.0, "rope_theta": 300000.0},
        "sliding_attention": {"rope_type": "default", "rope_theta": 30000.0},
    },
)
two_bases = keep(awake(transformers.Gemma3ForCausalLM(gemma)), "two_bases")
older = {
    "rope_theta": 300000.0,
    "rope_local_base_freq": 30000.0,
    "sliding_window_pattern": 6,
    "my_own_key": [1],
}
settings(two_bases, drop=("rope_parameters",), rope_scaling={"type": "linear", "factor": 4.0}, **older)

windowless = transformers.MistralConfig(
    vocab_size=VOCABULARY,
    hidden_size=64,
    intermediate_size=128,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    sliding_window=None,
)
settings(keep(awake(transformers.MistralForCausalLM(windowless)), "no_window"), sliding_window=None)

experts = transformers.Qwen3MoeConfig(
    vocab_size=VOCABULARY,
    hidden_size=64,
    intermediate_size=128,
    moe_intermediate_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=16,
    num_experts=4,
    num_experts_per_tok=2,
)
moe = keep(awake(transformers.Qwen3MoeForCausalLM(experts)), "experts")
settings(moe, drop=("num_local_experts",), num_experts=4)

gpt2 = transformers.GPT2Config(vocab_size=VOCABULARY, n_embd=64, n_layer=2, n_head=4, n_positions=256)
keep(awake(transformers.GPT2LMHeadModel(gpt2)), "gpt2")

float8 = keep(llama(tie_word_embeddings=False), "float8")
shutil.copyfile(float8 / "model.safetensors", OUT / "float8_plain.safetensors")
known = load_file(float8 / "model.safetensors")
for name in [name for name in known if name.endswith("_proj.weight")]:
    matrix = known[name]
    rows = "down" in name
    scale = (matrix.abs().amax(1, keepdim=True) if rows else matrix.abs().max()) / 448.0
    known[name] = (matrix / scale).to(torch.float8_e4m3fn)
    known[f"{name}_scale"] = scale.clone().reshape(scale.shape if rows else ())
    known[name.replace("weight", "input_scale")] = torch.tensor(0.5)
save_file(known, float8 / "model.safetensors", metadata={"format": "pt"})
said = {"producer": {"name": "modelopt"}, "quantization": {"quant_algo": "FP8"}}
(float8 / "hf_quant_config.json").write_text(json.dumps(said))

pickled = keep(llama(), "pickled_codes")
stored = load_file(pickled / "model.safetensors")
(pickled / "model.safetensors").unlink()
stored["model.layers.0.mlp.up_proj.qweight"] = torch.zeros(8, 128, dtype=torch.int32)
torch.save(stored, pickled / "pytorch_model.bin")

text = OUT / "text.txt"
text.write_text(
    "\n".join(file.read_text(errors="ignore") for file in list(Path(json.__file__).parent.glob("*.py")))
)
sentencepiece.SentencePieceTrainer.train(
    input=str(text),
    model_prefix=str(OUT / "pieces"),
    vocab_size=900,
    model_type="bpe",
    byte_fallback=True,
    unk_id=0,
    bos_id=1,
    eos_id=2,
    normalization_rule_name="identity",
    remove_extra_whitespaces=False,
    minloglevel=2,
)
only = keep(llama(vocab_size=900), "pieces_only", tokenizer=False)
shutil.copyfile(OUT / "pieces.model", only / "tokenizer.model")
roles = {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "legacy": False}
(only / "tokenizer_config.json").write_text(json.dumps(roles))
pieces = sentencepiece.SentencePieceProcessor(model_file=str(OUT / "pieces.model"))
(OUT / "pieces.json").write_text(json.dumps(pieces.encode("  two spaces\tand a naïve 🎉")))

base = keep(llama().to(torch.bfloat16), "base")
for name, more in (("adapter", {}), ("adapter_of_another_size", {"r": 8})):
    model = transformers.AutoModelForCausalLM.from_pretrained(base)
    sizes = {
        "r": 4,
        "lora_alpha": 8,
        "target_modules": ["q_proj", "down_proj"],
        "task_type": "CAUSAL_LM",
        **more,
    }
    adapted = peft.get_peft_model(model, peft.LoraConfig(**sizes))
    for key, weight in adapted.named_parameters():
        if "lora_" in key:
            weight.data.normal_(0, 0.2)
    adapted.save_pretrained(OUT / name)
settings(OUT / "adapter_of_another_size", "adapter_config.json", r=4)
