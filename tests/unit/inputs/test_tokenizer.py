import json
import re

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from edgewright.inputs import templates
from edgewright.inputs.tokenizer import SourceTokenizer

VOCABULARY = {"<s>": 0, "hello": 1, "world": 2, "[UNK]": 3}


@pytest.fixture
def source(tmp_path):
    tokenizer = Tokenizer(models.WordLevel(VOCABULARY, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(["<s>"])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


def unbounded(source):
    """A tokenizer that renders templates in this process: unit tests start no other."""
    return SourceTokenizer(source, templates.render)


def rendered(source, template, settings=None, prompt="hi"):
    (source / "chat_template.jinja").write_text(template, encoding="utf-8")
    if settings is not None:
        (source / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return unbounded(source).chat(prompt)


def test_special_tokens_are_added_only_where_they_are_asked_for(source):
    tokenizer = SourceTokenizer(source)
    assert tokenizer.encode("hello world") == [1, 2]
    assert tokenizer.encode("hello world", special=True) == [0, 1, 2]
    assert tokenizer.decode([0, 1, 2]) == "hello world"


def test_without_a_template_the_prompt_stands_alone(source):
    assert unbounded(source).chat("hi") == "hi"


def test_a_template_renders_without_a_tokenizer_config(source):
    assert rendered(source, "{{ bos_token }}[{{ messages[0].content }}]") == "[hi]"


def test_special_tokens_may_be_texts_or_dictionaries(source):
    settings = {"bos_token": {"content": "<s>", "lstrip": False}, "eos_token": "</s>", "pad_token": None}
    assert rendered(source, "{{ bos_token }}{{ eos_token }}{{ pad_token }}", settings) == "<s></s>"


def test_special_tokens_may_stand_in_their_own_file(source):
    (source / "special_tokens_map.json").write_text(json.dumps({"bos_token": "<s>"}))
    assert rendered(source, "{{ bos_token }}") == "<s>"


def test_loops_may_be_left_early(source):
    template = "{% for n in range(9) %}{% if n == 1 %}{% continue %}{% endif %}{% if n == 3 %}{% break %}{% endif %}{{ n }}{% endfor %}"
    assert rendered(source, template) == "02"


def test_the_date_is_the_same_every_day(source):
    assert rendered(source, "{{ strftime_now('%d %b %Y') }}") == "01 Jan 2026"


def test_json_is_written_as_hugging_face_writes_it(source):
    assert rendered(source, "{{ messages[0] | tojson }}", prompt="é<b>") == (
        '{"role": "user", "content": "é<b>"}'
    )
    assert rendered(source, "{{ [1] | tojson(indent=1) }}") == "[\n 1\n]"


def test_no_tools_are_none_rather_than_undefined(source):
    assert rendered(source, "{% if tools is not none %}tools{% endif %}{{ messages[0].content }}") == "hi"


def test_marks_of_the_assistants_words_are_passed_over(source):
    assert rendered(source, "{% generation %}{{ messages[0].content }}{% endgeneration %}!") == "hi!"


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ("<{{ messages[0].content }}>", "<hi>"),
        ([{"name": "tool_use", "template": "no"}, {"name": "default", "template": "yes"}], "yes"),
        ([{"name": "tool_use", "template": "no"}], "hi"),
        ([{"template": "nameless"}], "hi"),
        (7, "hi"),
    ],
)
def test_the_template_may_stand_in_tokenizer_config(source, stored, expected):
    (source / "tokenizer_config.json").write_text(json.dumps({"chat_template": stored}))
    assert unbounded(source).chat("hi") == expected


@pytest.mark.parametrize(
    "template",
    [
        "{{ raise_exception('roles must alternate') }}",
        "{% if %}",
        "{{ messages[0].nothing.at_all }}",
        "{{ 'text' + 1 }}",
        "{{ 1 / 0 }}",
        "{{ range(10 ** 9) | list }}",
        "{{ ''.__class__.__mro__ }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% unheard_of %}",
    ],
)
def test_a_template_that_fails_leaves_the_prompt(source, template):
    assert rendered(source, template) == "hi"


def test_a_damaged_tokenizer_config_leaves_the_prompt(source):
    (source / "tokenizer_config.json").write_text("{")
    assert rendered(source, "[{{ messages[0].content }}]") == "hi"


@pytest.mark.parametrize(
    ("template", "lack"),
    [
        ("", "The model has no chat template: it continues the prompt."),
        (
            "{{ raise_exception('A system message is required!') }}",
            (
                "The chat template rejects the prompt: A system message is required. The model continues the "
                "prompt."
            ),
        ),
        ("{{ messages[3].content }}", r"The chat template fails \(.*\). The model continues the prompt."),
        ("{{ messages[0].content }}", ""),
    ],
)
def test_why_a_template_was_not_used_is_told(source, template, lack):
    (source / "chat_template.jinja").write_text(template, encoding="utf-8")
    tokenizer = unbounded(source)
    assert tokenizer.chat("hi") == "hi"
    assert re.fullmatch(lack, tokenizer.chat_lack("hi"))
