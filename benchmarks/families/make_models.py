"""Tiny models of the rows, each in a folder of its own. Run by the reference's Python, once for all rows.

Called as ``make_models.py ROWS.toml OUT TOKENIZER_DIR [ROW...]``.
Law: attention is sharp and logits are far apart, unlike those of a default initialisation; every bias and every norm differs
from what it would be if it were lost. A row that Transformers cannot make is written as OUT/ROW.error, one sentence.
"""

import json
import math
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Any

import torch
import transformers

TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
)
SHARP = ("q_proj", "k_proj", "qkv_proj", "query_key_value", "c_attn", "q_b_proj", "kv_b_proj")
KEPT = ("A_log", "dt_bias", "dt_proj.bias", "inv_freq")
"""State-space parameters whose sign and size mean something."""


def plain(value: Any) -> Any:
    """TOML has no null."""
    if value == "none":
        return None
    return {key: plain(inner) for key, inner in value.items()} if isinstance(value, dict) else value


def awake(model: Any) -> Any:
    """Weights that matter: matrices by their width, queries and keys sharper, vectors moved off their default.

    All can be held by float16, so that a conversion to it changes nothing: a rounded router would choose other experts.
    """
    for name, weight in model.named_parameters():
        with torch.no_grad():
            if name.endswith(KEPT):
                pass
            elif weight.ndim < 2:
                spread = 1.0 if name.endswith("sinks") else 0.2
                weight.add_(torch.randn_like(weight) * spread)
            elif "embed" in name or "wte" in name or "wpe" in name or "lm_head" in name:
                weight.normal_(0.0, 2.0 / math.sqrt(weight.shape[-1]))
            else:
                gain = 2.0 if any(part in name for part in SHARP) else 1.0
                weight.normal_(
                    0.0, gain / math.sqrt(weight[0].numel() if weight.ndim == 2 else weight.shape[-1])
                )
            weight.copy_(weight.half().float())
    return model


def make(row: dict[str, Any], common: dict[str, Any], folder: Path) -> None:
    """Write one row's model."""
    torch.manual_seed(3)
    model_type = row["model_type"]
    config = transformers.AutoConfig.for_model(model_type, **plain({**common, **row["settings"]}))
    model = awake(transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32))
    model.save_pretrained(folder)


rows, out, tokenizer = tomllib.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]), Path(sys.argv[3])
for name in sys.argv[4:] or rows["rows"]:
    folder = out / name
    try:
        make(rows["rows"][name], rows["common"], folder)
    except Exception as error:  # noqa: BLE001  # whatever Transformers raises: the row says so
        shutil.rmtree(folder, ignore_errors=True)
        (out / f"{name}.error").write_text(f"{type(error).__name__}: {str(error).splitlines()[0][:200]}")
        continue
    for file in TOKENIZER_FILES:
        if (tokenizer / file).exists():
            shutil.copyfile(tokenizer / file, folder / file)
    print(name, json.dumps(sum(file.stat().st_size for file in folder.iterdir())), flush=True)
