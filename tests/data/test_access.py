"""Whose rights read a table; what a warehouse refuses is shown in tests/wire/test_rights.py."""

from dataclasses import replace

from ontos.data.access import reader, require_select


def test_without_a_forwarded_token_the_store_has_one_reader(caller):
    assert reader(caller, "workbench.elsewhere.t") is caller.warehouse
    require_select(caller, "workbench.elsewhere.not_there")  # nobody's rights to ask for


def test_uploads_are_read_as_the_app_whoever_asks(caller):
    person = replace(caller.person, token="forwarded")  # noqa: S106
    uploads = caller.workspace.catalog.upload_schema()
    assert reader(replace(caller, person=person), f"{uploads}.mine") is caller.warehouse
