"""Templates: checked when written, unchangeable once published, revised in families."""

import pytest

from ontos.generate.templates import (
    TemplateChange,
    TemplateSpec,
    archive_template,
    create_template,
    get_template,
    list_templates,
    publish_template,
    revise_template,
    update_template,
)
from ontos.kernel.errors import Conflict, Denied, Invalid, NotFound, NotNow


def spec(user_prompt: str = "{{ text }}", **given: str | None) -> TemplateSpec:
    return TemplateSpec(**{"name": "t", "label_type": "intent", "user_prompt": user_prompt} | given)


def test_placeholders_are_found_in_order_of_first_appearance(caller):
    made = create_template(caller, spec("{{ second }} {{ first }} {{ second|upper }}"))
    assert made.placeholders == ["second", "first"]
    assert (made.status, made.revision, made.version, made.family_id) == ("draft", 1, 1, made.id)
    assert get_template(caller, made.id) == made


@pytest.mark.parametrize(
    "prompt",
    [
        "{{ unclosed",
        "{% if x %}",
        "{{ x | nosuchfilter }}",
        "{{ ''.__class__ }}",
        "{% include 'secrets' %}",
    ],
)
@pytest.mark.parametrize("field", ["user_prompt", "system_prompt"])
def test_prompts_that_cannot_or_must_not_be_rendered_are_refused(caller, prompt, field):
    with pytest.raises(Invalid) as refused:
        create_template(caller, spec(**{field: prompt}))
    assert refused.value.field == field
    assert list_templates(caller).items == []


def test_a_blank_user_prompt_asks_nothing(caller):
    with pytest.raises(Invalid, match="empty") as refused:
        create_template(caller, spec("  \n "))
    assert refused.value.field == "user_prompt"


def test_a_mistake_names_its_line(caller):
    with pytest.raises(Invalid, match="line 3") as refused:
        create_template(caller, spec("one\ntwo\n{{ x | }}"))
    assert refused.value.more["line"] == 3


def test_the_system_prompt_is_one_for_all_items(caller):
    with pytest.raises(Invalid, match="user prompt") as refused:
        create_template(caller, spec(system_prompt="You are in {{ city }}"))
    assert refused.value.field == "system_prompt"


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 10_000])
def test_names_are_one_line_of_sensible_length(caller, name):
    with pytest.raises(Invalid) as refused:
        create_template(caller, {"name": name, "label_type": "i", "user_prompt": "x"})
    assert refused.value.field == "spec.name"


def test_odd_names_are_kept_as_they_are(caller):
    name = 'it\'s; "drop" \U0001f600'
    assert get_template(caller, create_template(caller, spec(name=name)).id).name == name


def test_a_draft_changes_and_its_prompts_are_checked_again(caller):
    made = create_template(caller, spec(system_prompt="Be brief."))
    change = TemplateChange(user_prompt="{{ other }}", system_prompt=None, version=1)
    changed = update_template(caller, made.id, change)
    assert (changed.placeholders, changed.system_prompt, changed.version) == (["other"], None, 2)
    assert changed.name == "t"
    with pytest.raises(Invalid):
        update_template(caller, made.id, TemplateChange(user_prompt="{{ unclosed"))
    assert get_template(caller, made.id) == changed


def test_two_who_change_the_same_draft_are_told(caller):
    made = create_template(caller, spec())
    update_template(caller, made.id, TemplateChange(name="first", version=1))
    with pytest.raises(Conflict, match="meanwhile"):
        update_template(caller, made.id, TemplateChange(name="second", version=1))
    assert get_template(caller, made.id).name == "first"


def test_what_is_published_never_changes(caller):
    made = create_template(caller, spec())
    publish_template(caller, made.id)
    with pytest.raises(NotNow, match="new revision"):
        update_template(caller, made.id, TemplateChange(user_prompt="changed {{ text }}"))
    assert get_template(caller, made.id).user_prompt == "{{ text }}"


def test_states_go_one_way(caller):
    made = create_template(caller, spec())
    publish_template(caller, made.id)
    with pytest.raises(NotNow):
        publish_template(caller, made.id)
    archive_template(caller, made.id)
    for move in (publish_template, archive_template):
        with pytest.raises(NotNow, match="final"):
            move(caller, made.id)


def test_a_revision_is_a_draft_of_the_same_family(caller):
    made = create_template(caller, spec())
    with pytest.raises(NotNow, match="draft"):
        revise_template(caller, made.id)
    publish_template(caller, made.id)
    second = revise_template(caller, made.id)
    assert (second.revision, second.family_id, second.status) == (2, made.id, "draft")
    publish_template(caller, second.id)
    third = revise_template(caller, made.id)
    assert (third.revision, third.user_prompt) == (3, made.user_prompt)
    family = list_templates(caller, family_id=made.id).items
    assert [t.revision for t in family] == [3, 2, 1]


def test_lists_are_paged_and_filtered(caller):
    made = [create_template(caller, spec(name=f"t{n}")) for n in range(3)]
    publish_template(caller, made[0].id)
    first = list_templates(caller, limit=2)
    rest = list_templates(caller, limit=2, cursor=first.next_cursor)
    assert [t.name for t in first.items + rest.items] == ["t2", "t1", "t0"]
    assert rest.next_cursor is None
    assert [t.id for t in list_templates(caller, status="published").items] == [made[0].id]


@pytest.mark.parametrize("key", ["x", "../../etc", "0" * 31])
def test_ids_that_are_not_ids(caller, key):
    with pytest.raises(Invalid) as refused:
        get_template(caller, key)
    assert refused.value.field == "template_id"


def test_a_missing_template_is_not_found(caller):
    with pytest.raises(NotFound):
        get_template(caller, "0" * 32)


def test_readers_do_not_write(as_role):
    with pytest.raises(Denied):
        create_template(as_role("data_consumer"), spec())
