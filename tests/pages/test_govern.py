from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from ontos.bootstrap import Workbench
from ontos.data.sheets import SheetSpec, create_sheet
from ontos.govern.members import MemberSpec, grant_role, list_members
from ontos.govern.orgs import OrgSpec, create_org
from ontos.govern.projects import ProjectSpec, archive_project, create_project, list_projects
from ontos.govern.roles import list_roles
from ontos.govern.tokens import TokenSpec, create_token, list_tokens
from ontos.kernel.caller import Caller
from ontos.kernel.errors import OntosError
from ontos.kernel.fields import now
from ontos.kernel.journal import Entry
from ontos.kernel.permission import DEFAULT_ROLE, FEATURES
from ontos.sample.project import load_sample
from pages.clock import when
from pages.data.words import escaped
from pages.govern import audit
from tests.pages.opened import opened, press, sound, steps, texts, visited

VIEWS = ("audit", "lineage", "members", "projects", "roles", "tokens", "orgs")


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens_empty(bench: Workbench, view: str) -> None:
    assert "Govern" in texts(opened(bench, "govern", view=view))


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens_full(bench: Workbench, caller: Caller, view: str) -> None:
    load_sample(caller)
    opened(bench, "govern", view=view)


@pytest.mark.parametrize("view", ["members", "projects", "tokens"])
def test_what_people_write_is_shown_as_they_wrote_it(
    bench: Workbench, caller: Caller, view: str
) -> None:
    """No picture of another host, no link and no stars come of a name."""
    wild = "*Loud* ![picture](https://example.org/seen.png)"
    create_project(caller, ProjectSpec(id="alpha", title=wild))
    grant_role(caller, MemberSpec(principal=wild, role="labeler"))
    create_token(caller, TokenSpec(title=wild, scopes={"sheets": "read"}))
    shown = texts(opened(bench, "govern", view=view))
    assert escaped(wild) in shown and wild not in shown


def test_a_token_is_shown_once(bench: Workbench, caller: Caller) -> None:
    page = opened(bench, "govern", view="tokens")
    page.text_input[0].input("nightly")
    page.selectbox(key="scope-sheets").select("read")
    page = press(page, "Make the token")
    made = list_tokens(caller).items[0]
    assert (made.title, made.scopes) == ("nightly", {"sheets": "read"})
    assert any(code.value.startswith("ontos_") for code in page.code)
    assert not any(code.value.startswith("ontos_") for code in page.run().code)


def test_a_token_that_may_do_nothing_is_refused_above_its_form(
    bench: Workbench, caller: Caller
) -> None:
    page = opened(bench, "govern", view="tokens")
    page.text_input[0].input("nightly")
    page = press(page, "Make the token")
    assert page.error[0].value == "Choose a level for at least one area."
    kinds = [element.type for element in page.main if element.type in ("error", "text_input")]
    assert kinds[:2] == ["error", "text_input"] and not list_tokens(caller).items
    page.text_input[0].input(" ")
    assert press(page, "Make the token").error[0].value == "Say what the token is for."


@pytest.fixture
def alpha(bench: Workbench, caller: Caller) -> Caller:
    """The administrator in a project."""
    create_project(caller, ProjectSpec(id="alpha", title="Alpha"))
    return bench.local_caller(project="alpha")


def address(page: AppTest, name: str) -> str | None:
    """A parameter of the page's address: a list where the test gave it."""
    found = page.query_params.get(name)
    return found[0] if isinstance(found, list) else found


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens_in_a_project(bench: Workbench, alpha: Caller, view: str) -> None:
    page = opened(bench, "govern", view=view, project="alpha")
    assert address(page, "project") == "alpha"


def test_a_project_is_made_archived_and_restored(bench: Workbench, caller: Caller) -> None:
    page = opened(bench, "govern", view="projects")
    assert "No project" in texts(page)
    page.text_input[0].input("claims")
    page.text_input[1].input("Claims")
    page = press(page, "Make the project")
    assert [p.title for p in list_projects(caller)] == ["Claims"]
    page = press(page, "Archive the project")
    assert "archived" in texts(page) and list_projects(caller)[0].archived_at is not None
    page = press(page, "Restore")
    assert list_projects(caller)[0].archived_at is None


def test_a_role_is_given_in_a_project_and_removed(bench: Workbench, alpha: Caller) -> None:
    page = opened(bench, "govern", view="members")
    page.text_input[0].input("ann@example.org")
    next(box for box in page.selectbox if box.label == "In").select("alpha")
    page = press(page, "Give the role")
    common = bench.local_caller()
    given = [m for m in list_members(common) if m.principal == "ann@example.org"]
    assert [m.project for m in given] == ["alpha"]
    assert "in alpha" in texts(page)
    page = opened(bench, "govern", view="members", project="alpha")
    assert [b.label for b in page.button].count("Remove the role") == 1
    press(page, "Remove the role")
    assert [m.principal for m in list_members(common)] == [common.user]


def test_the_sidebar_chooses_the_project_and_the_address_keeps_it(
    bench: Workbench, alpha: Caller
) -> None:
    page = opened(bench, "govern", view="audit")
    assert address(page, "project") is None
    page = page.selectbox(key="place-project").select("alpha").run()
    assert address(page, "project") == "alpha"
    assert "The trail of the project alpha" in texts(page)
    page.switch_page("data/page.py")
    page = page.run()
    assert page.selectbox(key="place-project").value == "alpha"
    page = page.selectbox(key="place-project").select("").run()
    assert address(page, "project") is None


def test_nothing_is_chosen_where_there_is_no_choice(bench: Workbench) -> None:
    page = opened(bench, "govern")
    assert not [box for box in page.selectbox if box.key in ("place-org", "place-project")]


def test_another_org_has_other_projects(bench: Workbench, alpha: Caller) -> None:
    create_org(bench.local_caller(), OrgSpec(id="north", title="North"))
    create_project(bench.local_caller("north"), ProjectSpec(id="beta", title="Beta"))
    page = opened(bench, "govern", view="audit", project="alpha")
    page = page.selectbox(key="place-org").select("north").run()
    assert address(page, "org") == "north" and address(page, "project") is None
    assert page.selectbox(key="place-project").options == ["Common", "Beta"]
    page = opened(bench, "govern", view="audit", org="north", project="beta")
    assert "The trail of the project beta" in texts(page)


@pytest.mark.parametrize("project", ["nope", "gone"])
def test_a_link_to_a_project_of_others_leads_out_again(
    bench: Workbench, caller: Caller, project: str
) -> None:
    create_project(caller, ProjectSpec(id="gone", title="Gone"))
    archive_project(caller, "gone")
    page = visited(bench, "govern", view="audit", project=project)
    assert "Not yours to enter" in texts(page) and f"no project '{project}'" in texts(page)
    page = press(page, "Leave")
    assert not page.error and address(page, "project") is None
    assert "common project" in texts(page)


def test_who_may_enter_only_a_project_lands_there(bench: Workbench, caller: Caller) -> None:
    create_org(caller, OrgSpec(id="north", title="North"))
    north = bench.local_caller("north")
    for key in ("alpha", "beta"):
        create_project(north, ProjectSpec(id=key, title=key.capitalize()))
    grant_role(north, MemberSpec(principal=caller.user, role="labeler", project="beta"))
    grant_role(north, MemberSpec(principal="ann@example.org", role="admin"))
    north.system.execute("DELETE FROM members WHERE org = 'north' AND role = 'admin'"
                         " AND principal = :me", me=caller.user)  # fmt: skip
    bench.directory.forget()
    page = opened(bench, "govern", view="tokens", org="north")
    assert address(page, "project") == "beta"
    assert "labeler" in texts(page)


def test_the_audit_names_things_and_leads_to_them(bench: Workbench, caller: Caller) -> None:
    sample = load_sample(caller)
    page = opened(bench, "govern", view="audit")
    named = page.dataframe[0].value["On"].tolist()
    assert "sheet: Sample: pottery shop messages" in named
    assert not any(sample.sheet_id in name for name in named)


def test_the_audit_names_what_lineage_does_not_know(bench: Workbench, caller: Caller) -> None:
    load_sample(caller)
    create_token(caller, TokenSpec(title="nightly", scopes={"sheets": "read"}, days=30))
    page = opened(bench, "govern", view="audit")
    named = page.dataframe[0].value["On"].tolist()
    assert {"token: nightly", "source: sample_pottery_messages"} <= set(named)


def test_the_audit_does_not_call_a_gap_by_the_title_of_its_task() -> None:
    made = {"user": "ann", "outcome": "done", "door": "page", "at": now(), "correlation_id": "c"}
    detail = '{"gap_id": "g1", "spec": {"title": "Collect more"}}'
    task = Entry(id="1", operation="create_gap_task", entity_type="gap", entity_id="g1",
                 detail=detail, reason=None, duration_ms=None, **made)  # fmt: skip
    sheet = task.model_copy(update={"operation": "create_sheet", "entity_type": "sheet"})
    assert audit.named_in([task]) == {}
    assert audit.named_in([task, sheet]) == {("sheet", "g1"): "Collect more"}


def test_the_audit_says_whose_role_it_was_and_what_was_refused(
    bench: Workbench, caller: Caller
) -> None:
    grant_role(caller, MemberSpec(principal="ann@example.org", role="labeler"))
    with pytest.raises(OntosError):
        create_sheet(caller, SheetSpec(name="Nowhere", source_table="no.such.table"))
    shown = opened(bench, "govern", view="audit").dataframe[0].value
    named = dict(zip(shown["Operation"], shown["On"], strict=True))
    assert named == {"grant_role": "ann@example.org: labeler", "create_sheet": "Nowhere"}


def test_a_fresh_audit_does_not_ask_to_clear_a_filter(bench: Workbench) -> None:
    page = opened(bench, "govern", view="audit")
    assert "Nothing recorded yet" in texts(page) and "filter" not in texts(page)


def test_the_address_filters_the_audit_and_clearing_shows_all(
    bench: Workbench, caller: Caller
) -> None:
    create_token(caller, TokenSpec(title="nightly", scopes={"sheets": "read"}, days=30))
    create_project(caller, ProjectSpec(id="alpha", title="Alpha"))
    today = when(now(), "%Y-%m-%d")
    page = opened(bench, "govern", view="audit", operation="create_token", since=today, until=today)
    assert page.dataframe[0].value["Operation"].tolist() == ["create_token"]
    page = opened(bench, "govern", view="audit", until="2020-01-01")
    assert "No entry matches" in texts(page)
    page = press(page, "Clear the filters")
    assert page.dataframe[0].value["Operation"].tolist() == ["create_project", "create_token"]
    page = page.date_input(key="since").set_value(now().date() + timedelta(days=30)).run()
    assert "No entry matches" in texts(page)


@pytest.mark.parametrize("given", [{"since": "soon"}, {"outcome": "perhaps"}, {"user": "nobody"}])
def test_a_nonsense_filter_is_no_error(
    bench: Workbench, caller: Caller, given: dict[str, str]
) -> None:
    create_project(caller, ProjectSpec(id="alpha", title="Alpha"))
    page = opened(bench, "govern", view="audit", **given)
    assert bool(page.dataframe) is ("user" not in given)


def test_the_audit_keeps_its_filters_while_another_view_is_open(
    bench: Workbench, caller: Caller
) -> None:
    create_project(caller, ProjectSpec(id="alpha", title="Alpha"))
    page = opened(bench, "govern", view="audit", outcome="refused")
    for view in ("lineage", "audit"):
        page = sound(page.segmented_control(key="view").set_value(view).run())
    assert page.selectbox(key="outcome").value == "refused" and "No entry matches" in texts(page)


def test_the_audit_is_turned_to_older_entries_and_back(
    bench: Workbench, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "SHOWN", 1)
    for key in ("alpha", "beta"):
        create_project(caller, ProjectSpec(id=key, title=key))
    page = opened(bench, "govern", view="audit")
    for turn, shown in (("Older", "alpha"), ("Newest", "beta")):
        page = press(page, turn)
        assert page.dataframe[0].value["On"].tolist() == [f"project: {shown}"]


def test_lineage_marks_what_is_shown_for_a_thing_that_is_gone(
    bench: Workbench, caller: Caller
) -> None:
    load_sample(caller)
    page = opened(bench, "govern", view="lineage", entity="sheet/gone")
    drawn = page.get("graphviz_chart")[0].proto.spec
    marked = next(line for line in drawn.splitlines() if "penwidth=2.5" in line)
    assert f'"{page.selectbox(key="pick-entity").value}"' in marked


def test_lineage_opens_what_it_is_about(bench: Workbench, caller: Caller) -> None:
    sample = load_sample(caller)
    page = opened(bench, "govern", view="lineage", entity=f"sheet/{sample.sheet_id}")
    assert ("Open this sheet", "data", f"view=sheets&sheet={sample.sheet_id}") in steps(page)


def test_levels_are_a_column_for_each_role(bench: Workbench, caller: Caller) -> None:
    page = opened(bench, "govern", view="roles")
    at = [feature.key for feature in FEATURES].index("deploy")
    edited = {at: {"labeler": "read"}}
    page.session_state["roles-0"] = {"edited_rows": edited, "added_rows": [], "deleted_rows": []}
    page = page.run()
    assert "Labeler, deploy: none → **read**" in texts(page)
    page = press(page, "Save")
    labeler = next(role for role in list_roles(caller) if role.role == "labeler")
    assert labeler.levels["deploy"] == "read" and "Not saved yet" not in texts(page)


def test_a_role_is_given_with_the_least_rights_unless_another_is_chosen(bench: Workbench) -> None:
    page = opened(bench, "govern", view="members")
    assert next(box for box in page.selectbox if box.label == "Role").value == DEFAULT_ROLE


def test_names_are_shown_as_they_are_not_as_markup(bench: Workbench, caller: Caller) -> None:
    """Whose role it is must not depend on what Markdown makes of a name."""
    odd = "team_*a*_$x$@example.org"
    grant_role(caller, MemberSpec(principal=odd, role="labeler"))
    create_token(caller, TokenSpec(title=odd, scopes={"sheets": "read"}, days=30))
    create_project(caller, ProjectSpec(id="alpha", title=odd))
    for view in ("members", "tokens", "projects"):
        assert f"**{escaped(odd)}**" in texts(opened(bench, "govern", view=view)), view


def test_a_role_for_nobody_is_refused_by_the_title_of_its_field(bench: Workbench) -> None:
    page = press(opened(bench, "govern", view="members"), "Give the role")
    assert escaped("Name: is empty") in page.error[0].value and page.text_input[0].label == "Name"


def test_revoking_a_token_asks_first(bench: Workbench, caller: Caller) -> None:
    made = create_token(caller, TokenSpec(title="nightly", scopes={"sheets": "read"}, days=30))
    page = opened(bench, "govern", view="tokens")
    press(page, "Revoke the token")
    assert list_tokens(caller).items[0].revoked_at is not None and made.secret
