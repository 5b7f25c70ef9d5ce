"""Assembling: what may be put together, and what becomes of it."""

from dataclasses import replace

import pytest

from ontos.data.sheets import archive_sheet, get_sheet, preview_sheet
from ontos.generate.assembly import AssembleSpec, assemble_sheet
from ontos.generate.templates import archive_template, get_template
from ontos.generate.training_sheets import get_training_sheet, list_training_sheets
from ontos.kernel.errors import Denied, Invalid, NotFound, NotNow, Refused
from ontos.kernel.fields import now
from tests.generate.conftest import ended, pairs


def spec(template, **given):
    plain = {"name": "pairs", "template_id": template.id, "column_mapping": {"message": "text"}}
    return AssembleSpec(**plain | given)


def test_a_training_sheet_is_made_and_becomes_ready(caller, sheet, template, settled):
    made = assemble_sheet(caller, sheet.id, spec(template, response_column="intent"))
    assert (made.status, made.sheet_name, made.label_type) == ("assembling", "messages", "intent")
    ready = settled(made)
    assert (ready.status, ready.total_items) == ("ready", 4)
    assert ready.system_prompt == "You sort messages."
    assert ready.column_mapping == {"message": "text"}
    assert ended(caller, made.id).message == "4 pairs"


def test_lineage_leads_from_sheet_and_template(caller, sheet, template, assembled):
    made = assembled(sheet, template)
    edges = caller.warehouse.rows(
        "SELECT source_type, source_id FROM lineage_edges"
        " WHERE target_type = 'training_sheet' AND target_id = :id", id=made.id,
    )  # fmt: skip
    assert {(e["source_type"], e["source_id"]) for e in edges} == {
        ("sheet", sheet.id),
        ("template", template.id),
    }


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"column_mapping": {}}, "column_mapping"),
        ({"column_mapping": {"message": "nope"}}, "column_mapping"),
        ({"column_mapping": {"message": "text", "more": "text"}}, "column_mapping"),
        ({"response_column": "nope"}, "response_column"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_written(caller, sheet, template, given, field):
    with pytest.raises(Invalid) as refused:
        assemble_sheet(caller, sheet.id, spec(template, **given))
    assert refused.value.field == field
    assert list_training_sheets(caller).items == []


OWN = [{"ref": "a", "item_ref": "first", "text": "x"}]
"""A table with a column that is called as references of items are."""


@pytest.mark.parametrize(
    "given", [{"column_mapping": {"message": "item_ref"}}, {"response_column": "item_ref"}]
)
def test_a_column_that_items_do_not_show_is_refused(caller, sheet_of, template, given):
    """Else its prompts and labels were the references of the items."""
    with pytest.raises(Invalid, match=r"item_ref.*own values") as refused:
        assemble_sheet(caller, sheet_of(OWN).id, spec(template, **given))
    assert refused.value.field == next(iter(given))
    assert list_training_sheets(caller).items == []


def test_a_column_item_ref_that_names_the_items_is_like_any_other(
    caller, sheet_of, template, assembled
):
    sheet = sheet_of(OWN, item_id_column="item_ref")
    made = assembled(sheet, template, {"message": "item_ref"}, "item_ref")
    assert "first" in pairs(caller, made.id)["first"]["prompt"]


def test_drafts_are_not_assembled(caller, sheet_of, sheet, template, template_of):
    draft = sheet_of([{"ref": "a", "text": "x"}], name="draft", publish=False)
    with pytest.raises(NotNow, match="Publish") as refused:
        assemble_sheet(caller, draft.id, spec(template))
    assert refused.value.field == "sheet_id"
    with pytest.raises(NotNow, match="Publish") as refused:
        assemble_sheet(caller, sheet.id, spec(template_of("{{ message }}", publish=False)))
    assert refused.value.field == "template_id"


def test_what_is_archived_is_not_assembled(caller, sheet, template, template_of):
    gone = archive_template(caller, template_of("{{ message }}").id)
    with pytest.raises(NotNow, match="archived"):
        assemble_sheet(caller, sheet.id, spec(gone))
    archive_sheet(caller, sheet.id)
    with pytest.raises(NotNow, match="archived"):
        assemble_sheet(caller, sheet.id, spec(template))


@pytest.fixture
def elsewhere(caller):
    """What another process does, of which this one sees nothing."""

    def done(table, which, **to):
        assigned = ", ".join(f"{name} = :{name}" for name in to)
        caller.warehouse.execute(
            f"UPDATE {table} SET {assigned}, version = version + 1 WHERE id = :which",
            which=which.id, **to,
        )  # fmt: skip

    return done


@pytest.mark.parametrize("which", ["sheets", "templates"])
def test_what_was_archived_unseen_is_not_assembled(caller, sheet, template, elsewhere, which):
    get_sheet(caller, sheet.id), get_template(caller, template.id)
    elsewhere(which, {"sheets": sheet, "templates": template}[which], status="archived")
    with pytest.raises(NotNow, match="archived"):
        assemble_sheet(caller, sheet.id, spec(template))
    assert list_training_sheets(caller).items == []
    assert caller.warehouse.rows("SELECT id FROM jobs WHERE kind = 'assemble'") == []


def test_what_was_changed_unseen_is_assembled_as_it_is(caller, sheet, template, elsewhere):
    get_sheet(caller, sheet.id), get_template(caller, template.id)
    elsewhere("sheets", sheet, name="renamed")
    made = assemble_sheet(caller, sheet.id, spec(template))
    assert (made.sheet_name, get_training_sheet(caller, made.id).sheet_name) == ("renamed",) * 2


def test_who_may_not_read_sheets_does_not_assemble_one(caller, sheet, template):
    get_sheet(caller, sheet.id), get_template(caller, template.id)
    levels = {name: level for name, level in caller.levels.items() if name != "sheets"}
    with pytest.raises(Denied, match="get_sheet"):
        assemble_sheet(replace(caller, levels=levels), sheet.id, spec(template))


def test_both_must_exist(caller, sheet, template):
    with pytest.raises(NotFound):
        assemble_sheet(caller, "0" * 32, spec(template))
    with pytest.raises(NotFound):
        assemble_sheet(caller, sheet.id, spec(template, template_id="0" * 32))


def test_labelers_do_not_assemble(as_role, sheet, template):
    with pytest.raises(Denied):
        assemble_sheet(as_role("labeler"), sheet.id, spec(template))


def test_a_table_that_lost_a_column_fails_with_the_reason(caller, sheet, template, settled):
    made = assemble_sheet(caller, sheet.id, spec(template))
    settled(made)
    table = "workbench.data_default.messages"
    caller.warehouse.execute(f"ALTER TABLE {table} RENAME COLUMN text TO body")
    with pytest.raises(Refused, match=r"lost columns .*: text\. Change the table back"):
        assemble_sheet(caller, sheet.id, spec(template))


def test_a_column_whose_type_changed_is_not_cast_in_silence(caller, sheet, template):
    caller.warehouse.execute(f"DROP TABLE {sheet.source_table}")
    columns = ", ".join(f"`{c.name}` {'BIGINT' if c.name == 'text' else c.type}"
                        for c in sheet.columns)  # fmt: skip
    caller.warehouse.execute(f"CREATE TABLE {sheet.source_table} ({columns})")
    with pytest.raises(Refused, match=r"text \(was STRING, is BIGINT\)"):
        assemble_sheet(caller, sheet.id, spec(template))
    with pytest.raises(Refused, match="make a new sheet"):
        preview_sheet(caller, sheet.id)


def test_a_table_that_repeats_items_meanwhile_fails_and_leaves_nothing(
    caller, sheet, template, assembled
):
    caller.warehouse.execute("INSERT INTO workbench.data_default.messages (ref) VALUES ('a')")
    failed = assembled(sheet, template)
    assert failed.status == "failed" and "1 rows repeat" in failed.error_message
    assert pairs(caller, failed.id) == {}


def test_an_interrupted_assembling_is_resumed_and_doubles_nothing(bench, caller, sheet, template):
    """As after SIGKILL: the job's row says running, its pairs are half there, staged rows too."""
    bench.pool.stop()
    made = assemble_sheet(caller, sheet.id, spec(template, response_column="intent"))
    caller.warehouse.execute("UPDATE jobs SET status = 'running', attempts = 1")
    for part in (
        "pairs (id, training_sheet_id, sheet_id, item_ref, prompt, response_source,"
        " review_status, version, created_at, updated_at)"
        " VALUES ('p', :id, 's', 'a', 'half', 'none', 'pending', 1, :at, :at)",
        "rendered_prompts (training_sheet_id, item_ref, prompt) VALUES (:id, 'a', 'half')",
    ):
        caller.warehouse.execute(f"INSERT INTO {part}", id=made.id, at=now())
    revive(bench)
    assert ended(caller, made.id).status == "succeeded"
    assert get_training_sheet(caller, made.id).status == "ready"
    assert len(pairs(caller, made.id)) == 4
    assert caller.warehouse.rows("SELECT * FROM rendered_prompts") == []


def test_after_the_last_write_a_resumed_job_changes_nothing(
    bench, caller, sheet, template, assembled
):
    ready = assembled(sheet, template)
    before = pairs(caller, ready.id)
    caller.warehouse.execute("UPDATE jobs SET status = 'running'")
    bench.pool.stop()
    revive(bench)
    assert ended(caller, ready.id).message == "Already ready"
    assert pairs(caller, ready.id) == before


def test_one_that_keeps_dying_is_given_up_with_a_reason(bench, caller, sheet, template):
    bench.pool.stop()
    made = assemble_sheet(caller, sheet.id, spec(template))
    caller.warehouse.execute("UPDATE jobs SET status = 'running', attempts = 3")
    revive(bench)
    failed = get_training_sheet(caller, made.id)
    assert failed.status == "failed" and "stopped" in failed.error_message


def revive(bench):
    """What a new process does first with the store of the former one."""
    from ontos.kernel.pool import Pool

    directory, store = bench.directory, lambda tenant: bench.store(*tenant)
    bench.pool = Pool(directory.tenants, directory.of_job, store, 2)
    bench.pulse.listen(bench.pool.wake)
    bench.pool.start()
