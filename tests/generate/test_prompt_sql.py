"""Prompts as SQL agree with Jinja to the byte, or leave the template to Jinja."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ontos.generate.prompt_sql import WHITESPACE, prompt_sql
from ontos.generate.rendering import compile_prompt, render
from ontos.warehouse import Warehouse, open_embedded
from ontos.workspace import Column

COLUMNS = {
    "text": Column("body `text`", "STRING"),
    "number": Column("n", "BIGINT"),
    "share": Column("share", "DOUBLE"),
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder: Path = tmp_path_factory.mktemp("engine")
    opened = open_embedded(folder / "store.duckdb")
    yield opened
    opened.close()


def by_sql(engine: Warehouse, template: str, text: str | None, number: int | None) -> str:
    made = prompt_sql(template, COLUMNS)
    assert made is not None, template
    row = engine.rows(
        f"SELECT {made.expression} AS prompt FROM (SELECT CAST(:text AS STRING)"
        " AS `body ``text```, CAST(:number AS BIGINT) AS n) AS items",
        text=text, number=number, **made.literals,
    )  # fmt: skip
    return row[0]["prompt"]


def by_jinja(template: str, text: str | None, number: int | None) -> str:
    return render(compile_prompt(template), {"text": text, "number": number})


pieces = st.one_of(
    st.sampled_from([
        "{{ text }}", "{{ number }}", "{{text|trim}}", "{{ text | default('none; given') }}",
        "{{ number|d(\"no 'number'\") }}", "{{ text|replace('a', '\u00e4') }}", "{# not shown #}",
        "{{ text|default('x')|trim|replace(' ', '_') }}", "{{ text|trim|default('never') }}",
        "\n", "\r\n", "  {%- raw %}{{ text }}{% endraw %}", "{{- text -}}", ":text ", "'t0\\n",
    ]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="{}%#\x00"), max_size=8),
)  # fmt: skip
texts = st.one_of(
    st.none(),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12),
)
numbers = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(pieces, max_size=6), texts, numbers)
def test_sql_and_jinja_agree(engine, parts, text, number):
    template = "".join(parts)
    assert by_sql(engine, template, text, number) == by_jinja(template, text, number)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(st.characters(max_codepoint=127, exclude_characters="\x00"), max_size=12))
def test_case_agrees_in_ascii(engine, text):
    template = "{{ text|upper }}/{{ text|trim|lower }}/{{ number|upper }}"
    assert by_sql(engine, template, text, 7) == by_jinja(template, text, 7)


@pytest.mark.parametrize("space", list(WHITESPACE))
def test_every_kind_of_white_space_is_trimmed(engine, space):
    assert by_sql(engine, "[{{ text|trim }}]", f"{space}a{space}b{space}", 1) == f"[a{space}b]"


def test_columns_whose_case_changes_are_named():
    made = prompt_sql("{{ text|default('x')|upper }}{{ number|lower }}", COLUMNS)
    assert made is not None and made.cased == ("body `text`",)


@pytest.mark.parametrize(
    "template",
    [
        "{{ share }}",
        "{% if text %}x{% endif %}",
        "{{ text|length }}",
        "{{ text.upper() }}",
        "{{ text ~ number }}",
        "{{ text|default(number) }}",
        "{{ text|replace('', 'x') }}",
        "{{ text|trim('x') }}",
        "{{ text|default('\u00e9')|upper }}",
        "{{ number + 1 }}",
        "{{ text|default('x', true) }}",
        "{{ text|replace('a', 'b', 1) }}",
        "{{ range }}",
        "{{ 1 }}",
    ],
)
def test_what_sql_would_do_differently_is_left_to_jinja(template):
    assert prompt_sql(template, COLUMNS) is None
