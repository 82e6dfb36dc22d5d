"""config.json keeps what the user's file says; what is added is another spelling of it, never another model's number."""

from edgewright.core.model.portable_config import portable_config, special_ids
from edgewright.core.model.weights import leftover, passed_over, portable_name


def test_every_key_of_the_users_file_stays_with_its_value():
    said = {"hidden_size": 8, "my_own_key": [1], "sliding_window": None, "rope_theta": 5.0}
    now = {"hidden_size": 8, "sliding_window": None, "layer_types": ["a"], "head_dim": None}
    assert portable_config(said, now, now) == {**said, "layer_types": ["a"]}


def test_what_was_changed_on_the_way_is_written():
    said, before = {"num_hidden_layers": 30}, {"num_hidden_layers": 30}
    assert portable_config(said, before, {"num_hidden_layers": 2})["num_hidden_layers"] == 2


def test_what_belongs_to_a_library_or_to_packed_weights_is_left_out():
    said = {"auto_map": {}, "transformers_version": "5", "quantization_config": {"quant_method": "fp8"}}
    assert portable_config(said, {}, {"id2label": {}}) == {}


def test_both_names_of_a_setting_are_written_with_the_value_of_now():
    found = portable_config(
        {"num_experts": 8},
        {"num_local_experts": 8},
        {"num_local_experts": 4},
        {"num_experts": "num_local_experts"},
    )
    assert found == {"num_experts": 4, "num_local_experts": 4}


def test_rope_has_the_older_spelling_too():
    rope = {"rope_theta": 5e5, "rope_type": "llama3", "factor": 8.0}
    found = portable_config({}, {}, {"rope_parameters": rope})
    assert found["rope_theta"] == 5e5
    assert found["rope_scaling"] == {"rope_type": "llama3", "type": "llama3", "factor": 8.0}


def test_two_bases_have_the_older_spelling_too():
    rope = {
        "full_attention": {"rope_theta": 1e6, "rope_type": "linear", "factor": 8.0},
        "sliding_attention": {"rope_theta": 1e4, "rope_type": "default"},
    }
    found = portable_config({}, {}, {"rope_parameters": rope})
    assert (found["rope_theta"], found["rope_local_base_freq"]) == (1e6, 1e4)
    assert found["rope_scaling"] == {"rope_type": "linear", "type": "linear", "factor": 8.0}


def test_a_plain_rope_gains_no_scaling():
    found = portable_config({}, {}, {"rope_parameters": {"rope_theta": 1e4, "rope_type": "default"}})
    assert "rope_scaling" not in found


def test_a_falcon_with_one_key_head_does_not_get_the_default_of_others():
    falcon = {"model_type": "falcon", "multi_query": True}
    assert portable_config(falcon, {}, {"num_kv_heads": 71})["num_kv_heads"] == 1
    assert portable_config({**falcon, "num_kv_heads": 71}, {}, {})["num_kv_heads"] == 71
    grouped = {**falcon, "new_decoder_architecture": True}
    assert portable_config(grouped, {}, {"num_kv_heads": 8})["num_kv_heads"] == 8


def test_a_gpt_neox_of_today_has_the_rope_settings_that_older_readers_demand():
    rope = {"rope_type": "default", "rope_theta": 1e4, "partial_rotary_factor": 0.25}
    made = portable_config({"model_type": "gpt_neox", "rope_parameters": rope}, {}, {})
    assert (made["rotary_emb_base"], made["rotary_pct"]) == (1e4, 0.25)


def test_gpt2_has_the_name_of_its_context_that_three_readers_look_for():
    assert portable_config({"model_type": "gpt2", "n_positions": 1024}, {}, {})["n_ctx"] == 1024
    assert portable_name("gpt2", "transformer.wte.weight") == "wte.weight"
    assert portable_name("qwen", "transformer.wte.weight") == "transformer.wte.weight"


DEFAULTS = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": None}


def test_ids_that_are_said_stay():
    assert special_ids({"bos_token_id": 5, "eos_token_id": None}, {}, {"eos": 0}, DEFAULTS) == ({}, [])


def test_the_tokenizer_contradicts_a_default():
    found, notes = special_ids({}, {}, {"bos": 0, "eos": 0, "pad": 0}, DEFAULTS)
    assert found == {"bos_token_id": 0, "eos_token_id": 0}
    assert notes == ["config.json names no end-of-text token: id 0 was taken from the tokenizer"]


def test_the_generation_settings_come_before_the_tokenizer():
    found, notes = special_ids({}, {"eos_token_id": [2, 7]}, {"eos": 0}, DEFAULTS)
    assert found["eos_token_id"] == [2, 7]
    assert "generation_config.json" in notes[0]


def test_a_default_that_nothing_confirms_is_taken_out():
    found, notes = special_ids({}, {}, {}, DEFAULTS)
    assert found == {"bos_token_id": None, "eos_token_id": None}
    assert notes == ["config.json names no end-of-text token: it has none"]


def test_only_what_a_model_computes_itself_may_be_left_over():
    assert leftover("model.layers.0.self_attn.rotary_emb.inv_freq", (8,))
    assert leftover("h.0.attn.bias", (1, 1, 64, 64))
    assert not leftover("h.0.attn.bias", (64,))
    assert not leftover("model.layers.9.mlp.up_proj.weight", (8, 8))


def test_an_index_of_the_same_file_is_no_other_save():
    assert not passed_over({"model.safetensors"}, {"weight_map": {"a": "model.safetensors"}})
    assert not passed_over({"model.safetensors"}, None)
