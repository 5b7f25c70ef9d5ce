"""Prompts from templates."""

import pytest

from ontos.generate.rendering import compile_prompt, placeholders, render
from ontos.kernel.errors import Invalid


def rendered(text, **variables):
    return render(compile_prompt(text), variables)


def test_a_prompt_is_filled_and_not_escaped():
    assert rendered("Message: {{ m }}\nIntent:", m="<b> & 'c'") == "Message: <b> & 'c'\nIntent:"


def test_values_are_never_templates():
    assert rendered("{{ m }}", m="{{ 7 * 7 }}") == "{{ 7 * 7 }}"


def test_filters_conditions_and_loops_work():
    assert rendered("{{ m|upper|trim }}", m=" a ") == "A"
    text = "{% for x in range(3) %}{{ x }}{% endfor %}{% if n > 1 %}!{% endif %}"
    assert rendered(text, n=2) == "012!"


def test_none_renders_as_nothing_and_one_last_newline_is_dropped():
    assert rendered("[{{ m }}]\n", m=None) == "[]"


def test_placeholders_come_in_order_of_first_appearance():
    text = "{{ zebra }} {{ apple|default(pear) }} {{ zebra }} {% set own = kiwi %}{{ own }}"
    assert placeholders(text) == ["zebra", "apple", "pear", "kiwi"]
    assert placeholders("none, but {{ range(3)|list }}") == []


@pytest.mark.parametrize("text", ["{{ unclosed", "{% if a %}", "{{ a|nosuchfilter }}", "{% end %}"])
def test_a_mistake_names_its_line(text):
    with pytest.raises(Invalid, match="line 2") as refused:
        compile_prompt("first\n" + text)
    assert refused.value.field == "user_prompt"


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__ }}",
        "{{ m.__init__.__globals__ }}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
    ],
)
def test_escapes_are_refused_when_written(text):
    for reader in (compile_prompt, placeholders):
        with pytest.raises(Invalid, match="may not"):
            reader(text)


@pytest.mark.parametrize(
    "text",
    [
        "{{ m['__class__'] }}",
        "{{ m|attr('__class__') }}",
        "{{ '{0.__class__}'.format(m) }}",
    ],
)
def test_escapes_that_hide_are_refused_when_rendered(text):
    with pytest.raises(Invalid):
        rendered(text, m="x")


@pytest.mark.parametrize(
    "text",
    [
        "{{ 'a' * 1000000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ m ** 2 }}",
        "{% for x in range(99999) %}{{ 'abcdefghijklmnopqrst' }}{% endfor %}",
    ],
)
def test_a_prompt_cannot_fill_the_memory(text):
    with pytest.raises(Invalid):
        rendered(text, m="x")


GROWN = """
{% set ns = namespace(s='x') %}
{% for i in range(40) %}{% set ns.s = ns.s OP ns.s %}{% endfor %}
"""
TWICE = """
{% macro f(n) %}{% if n %}{% set a = f(n - 1) ~ f(n - 1) %}{% endif %}{% endmacro %}{{ f(30) }}
"""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}", "turns"),
        ("{% for a in [1, 2] recursive %}{{ loop([1, 2]) }}{% endfor %}", "recursion"),
        (TWICE, "turns of loops and calls"),
        (GROWN.replace("OP", "~"), "joined text is too long"),
        (GROWN.replace("OP", "+"), "joined text is too long"),
    ],
    ids=["loops in loops", "a loop in itself", "a macro in itself", "joined", "added"],
)
def test_a_prompt_ends(text, why):
    with pytest.raises(Invalid, match=why):
        rendered(text)


def test_loops_know_where_they_are():
    told = "{{ loop.index }}/{{ loop.length }}{{ ',' if not loop.last }}"
    assert rendered(f"{{% for x in range(3) %}}{told}{{% endfor %}}") == "1/3,2/3,3/3"
    assert rendered("{% for x in [] %}{% else %}none{% endfor %}{{ 'a' ~ n }}", n=1) == "nonea1"


def test_small_arithmetic_works():
    assert rendered("{{ n * 2 }} {{ '-' * 3 }} {{ n ** 2 }}", n=5) == "10 --- 25"


def test_a_missing_variable_is_named():
    with pytest.raises(Invalid, match="'m' is undefined") as refused:
        rendered("{{ m }}")
    assert refused.value.field == "variables"


@pytest.mark.parametrize("text", ["{{ m / 0 }}", "{{ m + 'x' }}", "{{ [][3] }}"])
def test_values_that_do_not_fit_are_told(text):
    with pytest.raises(Invalid):
        rendered(text, m=1)


def test_deep_nesting_is_refused():
    with pytest.raises(Invalid):
        compile_prompt("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ text", "Close the placeholder with }}"),
        ("{{ text }", "Close the placeholder with }}"),
        ("{{ first name }}", "'name' does not belong into the placeholder"),
        ("{{ }}", "a placeholder is empty"),
        ("{% if x %}a", "Write {% endif %} where it ends"),
        ("{{ text | shout }}", "there is no filter 'shout'"),
        ("{% shout %}", "Encountered unknown tag 'shout'"),
    ],
)
def test_a_mistake_is_said_in_plain_words_where_its_cause_is_known(text: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        compile_prompt(text)
    assert said in refused.value.detail
