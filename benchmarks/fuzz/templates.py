"""Chat templates that never end, grow without bound, refuse, or are none."""

from __future__ import annotations

from random import Random

from benchmarks.fuzz.damage import bytes_of
from benchmarks.fuzz.seeds import TEMPLATE

WILD = (
    "{% for i in range(10**9) %}{% endfor %}",
    "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}",
    "{% for i in range(9999) %}{{ 'x' * 1000000 }}{% endfor %}",
    "{{ 'x' * 10**10 }}",
    "{{ 'x' * 10**8 }}",
    "{{ ['x'] * 10**9 }}",
    "{{ 9 ** (9 ** 9) }}",
    "{{ (9 ** 99999) ** 999 }}",
    "{{ 7 ** 77777777 }}",
    "{{ '%099999999999d' % 7 }}",
    "{{ '%0999999999d' % 7 }}",
    "{{ '{:>99999999999}'.format(7) }}",
    "{{ '{:>999999999}'.format(7) }}",
    "{{ 'a'.ljust(10**10) }}",
    "{{ 'a'.zfill(10**9) }}",
    "{{ 'a' | center(10**10) }}",
    "{{ 'a\\tb'.expandtabs(10**10) }}",
    "{{ 'a' | indent(10**9) }}",
    "{% set n = namespace(x='x') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}",
    "{% set n = namespace(x=['x']) %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}{{ n.x }}",
    "{% set n = namespace(x=7) %}{% for i in range(60) %}{% set n.x = n.x * n.x %}{% endfor %}{{ n.x }}",
    "{% macro m(n) %}{{ m(n) }}{% endmacro %}{{ m(1) }}",
    "{% macro m(n) %}{{ n }}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
    "{% for x in messages recursive %}{{ loop(messages) }}{% endfor %}",
    "{{ lipsum(n=99999) }}",
    "{{ lipsum(n=9, min=10**7, max=10**8) }}",
    "{{ range(10**12) | list }}",
    "{{ range(99999) | list | tojson(indent=99999) }}",
    "{{ cycler(1).next() }}{{ ''.__class__.__mro__ }}",
    "{{ ''['__class__'] }}{{ self.__init__.__globals__ }}",
    "{{ raise_exception('no') }}",
    "{{ raise_exception('x' * 100000) }}",
    "{{ raise_exception(None) }}",
    "{{ raise_exception() }}",
    "{{ raise_exception('a', 'b') }}",
    "{{ strftime_now('%Y' * 100000) }}",
    "{{ strftime_now(7) }}",
    "{{ strftime_now('\\ud800') }}",
    "{% include 'config.json' %}",
    "{% import '/etc/passwd' as a %}",
    "{% extends '../../outside/secret' %}",
    "{{ messages[7].content }}",
    "{{ messages.content.content }}",
    "{{ nothing() }}",
    "{{ 1 / 0 }}",
    "{{ messages | map(attribute='content') | join | int ** 7 }}",
    "{{ messages | tojson | tojson | tojson }}",
    "{{ tools | tojson(indent='x', separators=7) }}",
    "{% generation %}{% for i in range(9) %}{% generation %}x{% endgeneration %}{% endfor %}{% endgeneration %}",
    "{% generation %}",
    "{{ '\\ud800' }}",
    "{{ '\\x00' }}",
    "{% for i in range(99999) %}{{ loop.previtem }}{{ messages | length }}{% endfor %}",
    "{{ (('a' * 99999) | list | batch(1) | list) | tojson }}",
    "{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' | urlize }}{{ 'a' * 999999 | wordwrap(1) }}",
    "{{ ('x ' * 9999999) | title | replace(' ', 'xxxxxxxxxxxx') }}",
    "{{ dict(a=range(10**9)) }}",
)
_DEEP = 3000


def template(rng: Random) -> bytes:
    """One of them, or a good one with its bytes damaged."""
    chance = rng.random()
    if chance < 0.7:
        return rng.choice(WILD).encode()
    if chance < 0.8:
        opened, closed = rng.choice([("(", ")"), ("[", "]"), ("not ", ""), ("-", ""), ("{'a':", "}")])
        return f"{{{{ {opened * _DEEP}1{closed * _DEEP} }}}}".encode()
    if chance < 0.85:
        return b"{% if 1 %}" * _DEEP + b"{% endif %}" * _DEEP
    whole = TEMPLATE.encode()
    return bytes_of(whole, rng, len(whole))
