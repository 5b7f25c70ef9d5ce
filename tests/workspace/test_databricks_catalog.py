"""Unity Catalog with each person's own rights, and the org's border in the workbench's catalog."""

import pytest

from ontos.kernel.errors import Denied
from ontos.workspace import Person
from ontos.workspace.protocols import Column, Table
from tests.wire.workspace.half import half, opened

ORDERS = "main.sales.orders"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("workspace")) as workspace:
        catalog = workspace.catalog
        catalog.add_table(ORDERS, {"id": "bigint", "note": "string"}, "what was sold")
        catalog.add_table("main.hr.pay", {"id": "bigint"})
        for schema in ("data_default", "data_other", "org_default", "shared"):
            catalog.add_table(f"workbench.{schema}.t", {"id": "bigint"})
        catalog.grant("catalog", "main", "sellers", "USE CATALOG")
        catalog.grant("schema", "main.sales", "sellers", "USE SCHEMA")
        catalog.grant("table", ORDERS, "sellers", "SELECT")
        yield workspace


@pytest.fixture
def seen_by(workspace):
    def make(name, *groups):
        token = workspace.people.add(name, *groups)
        return half(workspace.root / "home", Person(name, token=token)).catalog

    return make


def test_a_group_opens_what_was_granted_to_it(seen_by):
    """Unity Catalog, privileges: USE CATALOG, USE SCHEMA and SELECT through a
    group; nothing beside."""
    catalog = seen_by("ann@example.org", "sellers")
    assert catalog.catalogs() == ["main", "workbench"]
    assert catalog.schemas("main") == ["sales"]
    assert catalog.tables("main", "sales") == [Table(ORDERS, comment="what was sold")]
    columns = (Column("id", "BIGINT"), Column("note", "STRING"))
    assert catalog.table(ORDERS) == Table(ORDERS, columns, "what was sold")


def test_without_rights_lists_are_empty_and_a_table_says_what_is_lacking(seen_by):
    """Catalogs, Schemas and Tables API: lists leave out what one may not use, and get refuses it
    (403). The uploads are the workbench's own, where roles decide."""
    catalog = seen_by("bob@example.org")
    assert (catalog.catalogs(), catalog.schemas("workbench")) == (["workbench"], ["data_default"])
    assert (catalog.schemas("main"), catalog.tables("main", "sales")) == ([], [])
    with pytest.raises(Denied) as refusal:
        catalog.table(ORDERS)
    assert "You may not read main.sales.orders" in refusal.value.detail
    assert "GRANT SELECT ON TABLE `main`.`sales`.`orders` TO" in refusal.value.detail


def test_seeing_the_schema_is_not_seeing_the_table(workspace, seen_by):
    """Tables API, list and get: beside USE CATALOG and USE SCHEMA the caller
    needs SELECT on the table."""
    workspace.catalog.grant("schema", "main.hr", "sellers", "USE SCHEMA")
    catalog = seen_by("ann@example.org", "sellers")
    assert catalog.tables("main", "hr") == []
    with pytest.raises(Denied, match=r"does not have SELECT on Table 'main\.hr\.pay'"):
        catalog.table("main.hr.pay")


def test_a_grant_on_the_schema_reaches_its_tables(workspace, seen_by):
    """Grants API: a privilege granted on a schema is inherited by all objects within it."""
    workspace.catalog.grant("catalog", "main", "carl@example.org", "USE CATALOG")
    workspace.catalog.grant("schema", "main.sales", "carl@example.org", "USE SCHEMA", "SELECT")
    assert seen_by("carl@example.org").table(ORDERS).full_name == ORDERS


def test_a_table_that_was_dropped_is_not_there(workspace, seen_by):
    """SDK, errors: NotFound for a table that does not exist; the workbench tells of none."""
    workspace.catalog.add_table("main.sales.brief", {"id": "bigint"})
    workspace.catalog.grant("table", "main.sales.brief", "sellers", "SELECT")
    catalog = seen_by("ann@example.org", "sellers")
    assert catalog.table("main.sales.brief")
    workspace.catalog.drop("table", "main.sales.brief")
    assert catalog.table("main.sales.brief") is None


def test_orgs_do_not_see_each_other_even_as_the_app(workspace):
    """Schemas and Tables API, list: an administrator retrieves all; the workbench
    keeps orgs apart itself."""
    catalog = half(workspace.root / "home").catalog
    assert catalog.schemas("workbench") == ["data_default", "shared"]
    assert catalog.tables("workbench", "data_other") == []
    assert catalog.table("workbench.org_default.t") is None
    assert catalog.upload_schema() == "workbench.data_default"
    assert workspace.unforeseen == []
