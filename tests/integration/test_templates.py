"""Chat templates that never end or grow without bound are ended, whatever they do it with."""

import pytest

from edgewright.inputs.rendering import render_bounded

pytestmark = pytest.mark.integration


def test_a_template_is_rendered_as_within_this_process():
    template = "{{ bos_token }}[{{ messages[0].content }}]"
    assert render_bounded(template, "é\n🎉", {"bos_token": "<s>"}) == ("<s>[é\n🎉]", "")


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{% for i in range(99999) %}{{ 'x' * 1000000 }}{% endfor %}",
        "{{ 'x' * 10 ** 10 }}",
        "{{ 9 ** (9 ** 9) }}",
        "{{ '{:>9999999999}'.format(7) }}",
        "{% set n = namespace(x=['x']) %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
    ],
)
def test_a_template_that_is_never_done_is_ended(template):
    text, lack = render_bounded(template, "hi", {})
    assert not text
    assert lack.startswith("The chat template fails (")
