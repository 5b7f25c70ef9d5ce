"""Prompts from templates."""

from datetime import date, datetime
from decimal import Decimal

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


BIG = "{% set b = 'ab ' * 300000 %}"
NS = "{% set ns = namespace(n=9, l=[1]) %}"


@pytest.mark.parametrize(
    "text",
    [
        "{{ (1, 2)|slice(1000000000)|list }}",
        "{{ [1]|batch(1000000000, 0)|list }}",
        "{{ [0] * 1000000000 }}",
        NS + "{% for i in range(32) %}{% set ns.n = ns.n * ns.n %}{% endfor %}{{ ns.n > 1 }}",
        NS + "{% for i in range(40) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
        NS + "{% for i in range(40) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
        "{% set l = [1] %}{% for i in range(40) %}{% set _ = l.extend(l) %}{% endfor %}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '%*d' % (1000000000, 1) }}",
        "{{ '%(a(b)c)1000000000d' % {'a(b)c': 1} }}",
        "{{ '%1000000000d'|format(1) }}",
        "{{ '{:{}}'.format(1, 1000000000) }}",
        "{{ '{a:1000000000}'.format_map({'a': 1}) }}",
        "{% set s = '%(a)s' * 100000 %}{{ s % {'a': 'x' * 1000000} }}",
        "{{ d.strftime('%1000000000Y') }}",
        "{{ 'x'|center(1000000000) }}",
        "{{ 'x'.zfill(1000000000) }}",
        "{{ '\t'.expandtabs(1000000000) }}",
        "{{ 'a\n'|indent(1000000000) }}",
        "{{ 1|round(-100000000) }}",
        "{{ (1).to_bytes(1000000000, 'big') }}",
        BIG + "{{ b|replace('a', b) }}",
        BIG + "{{ b.replace('a', b) }}",
        BIG + "{{ range(1000)|join(b) }}",
        BIG + "{{ ([{'a': b}] * 1000)|join(attribute='a') }}",
        BIG + NS + "{% set ns.s = b %}{{ ([ns] * 50000)|sort(attribute='s') }}",
        BIG + "{% set x %}{% for i in range(1000) %}{{ b }}{% endfor %}{% endset %}",
        "{{ ('a' * 1000000)|wordwrap(1) }}",
        "{{ ('<' * 1000000)|striptags }}",
        "{{ ('a' * 1000000)|trim('b' * 900000 ~ 'a') }}",
        "{{ ([[1]] * 50000)|sum(start=[]) }}",
        "{% set l = range(9000)|list %}{% for i in l %}{% if l == l %}{% endif %}{% endfor %}",
        BIG + "{% for i in range(90000) %}{% set m = b|upper %}{% endfor %}",
    ],
)
def test_filters_operators_and_methods_end(text):
    with pytest.raises(Invalid, match="Take that part out") as refused:
        rendered(text, d=date(2026, 1, 2))
    assert refused.value.field == "user_prompt"


@pytest.mark.parametrize("number", ["9" * 10_000, "0x" + "f" * 10_000], ids=["decimal", "hex"])
def test_a_number_that_is_too_long_is_refused_when_written(number):
    with pytest.raises(Invalid, match="too long") as refused:
        compile_prompt("{{ " + number + " }}")
    assert refused.value.field == "user_prompt"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{ '%5.2f|%s %% 20000'|format(1.234, 'a') }}", " 1.23|a % 20000"),
        ("{{ '{:>5}|{}'.format('a', l[0]) }}", "    a|b"),
        ("{{ l|sort|join(', ') }} {{ l|map('upper')|list }}", "a, b ['B', 'A']"),
        ("{{ l|batch(1)|list }} {{ (l + l)|unique|list }} {{ l[::-1] }}",
         "[['b'], ['a']] ['b', 'a'] ['a', 'b']"),
        ("{{ [{'a': 1}, {'a': 2}]|selectattr('a', 'gt', 1)|map(attribute='a')|sum }}", "2"),
        ("{% for k, v in o.items() %}{{ k }}={{ v }}{% endfor %} {{ o.k }}", "k=v v"),
        ("{{ d.isoformat() }} {{ d.strftime('%d.%m.%Y') }}", "2026-01-02 02.01.2026"),
        ("{{ m + 1 }} {{ m|round(1) }} {{ 7 % 4 }} {{ 7 // 2 }} {{ -1 - 2 }}", "13.30 12.3 3 3 -3"),
        ("{{ 'a b c'|wordwrap(3) }} {{ '<b>x</b>'|striptags }} {{ 'ab'.split('b')[0] }}",
         "a b\nc x a"),
        ("{{ 'abcdefgh'|truncate(5, true, '', 0) }} {{ m is number }} {{ 'a' in l }}",
         "abcde True True"),
        ("{% macro f(a) %}<{{ a }}>{% endmacro %}{% set x %}{{ f(1) }}{% endset %}{{ x }}", "<1>"),
    ],
)  # fmt: skip
def test_what_prompts_do_with_values_still_works(text, shown):
    values = {"l": ["b", "a"], "o": {"k": "v"}, "d": date(2026, 1, 2), "m": Decimal("12.30")}
    assert rendered(text, **values) == shown


def test_a_long_list_is_told_item_by_item():
    text = "{% for i in range(2000) %}{% set ns.t = ns.t ~ 'item ' ~ i %}{% endfor %}"
    whole = "{% set ns = namespace(t='') %}" + text + "{{ ns.t|length }}"
    assert rendered(whole) == str(len("".join(f"item {i}" for i in range(2000))))


def test_json_of_every_kind_of_cell():
    cells = {"n": None, "d": date(2026, 1, 2), "t": datetime(2026, 1, 2, 3, 4), "w": Decimal(7)}
    assert rendered("{{ n|tojson }} {{ [n, d, t, w]|tojson }}", **cells) == (
        'null [null, "2026-01-02", "2026-01-02T03:04:00", 7]'
    )
    assert rendered("{{ m|tojson }}", m=Decimal("12.30")) == "12.3"
    with pytest.raises(Invalid, match="'missing' is undefined"):
        rendered("{{ missing|tojson }}")


@pytest.mark.parametrize("text", ["{{ m|truncate(2) }}", "{{ m|sum }}", "{{ m|batch(1, 2, 3) }}"])
def test_a_filter_that_does_not_fit_is_told(text):
    with pytest.raises(Invalid, match="Correct the expression or the values") as refused:
        rendered(text, m="some text")
    assert refused.value.field == "variables"


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
