import pytest

from ontos.kernel.errors import NotFound
from ontos.warehouse import open_embedded
from ontos.workspace.local.catalog import LocalCatalog, databricks_type


@pytest.fixture
def engine():
    engine = open_embedded(None)
    for schema in ("ontos_system", "org_north", "org_south", "data_north", "data_south", "shop"):
        engine.create_schema(schema)
        engine.within(schema).execute(f"CREATE TABLE {schema}_t (id BIGINT, note STRING)")
    yield engine
    engine.close()


@pytest.fixture
def catalog(engine):
    return LocalCatalog(engine.within("org_north"), "north")


def test_an_org_sees_its_uploads_and_what_is_nobodys(catalog):
    assert catalog.catalogs() == ["workbench"]
    assert catalog.schemas("workbench") == ["data_north", "shop"]
    assert catalog.upload_schema() == "workbench.data_north"


def test_main_is_shown_once_it_is_used(engine, catalog):
    engine.within("main").execute("CREATE TABLE loose (id BIGINT)")
    assert catalog.schemas("workbench") == ["data_north", "main", "shop"]


def test_tables_of_a_schema(catalog):
    assert [t.full_name for t in catalog.tables("workbench", "shop")] == ["workbench.shop.shop_t"]
    assert [t.full_name for t in catalog.tables("Workbench", "SHOP")] == ["workbench.shop.shop_t"]
    assert catalog.tables("workbench", "nowhere") == []


@pytest.mark.parametrize(
    "schema",
    [
        "ontos_system",
        "org_north",
        "org_south",
        "ORG_SOUTH",
        "data_south",
        "Data_South",
        "information_schema",
        "pg_catalog",
    ],
)
def test_what_others_have_is_not_there(catalog, schema):
    assert catalog.tables("workbench", schema) == []
    assert catalog.table(f"workbench.{schema}.{schema}_t") is None
    assert catalog.table(f"workbench.{schema}.tables") is None


def test_a_table_with_its_columns(engine, catalog):
    engine.within("shop").execute(
        "CREATE TABLE kinds (a STRING NOT NULL, b BIGINT, c DOUBLE, d BOOLEAN, e TIMESTAMP, "
        "f DATE, g ARRAY<STRING>, h INT, i DECIMAL(10, 2), j BINARY)"
    )
    table = catalog.table("workbench.shop.KINDS")
    assert table.full_name == "workbench.shop.kinds"
    assert {c.name: c.type for c in table.columns} == {
        "a": "STRING",
        "b": "BIGINT",
        "c": "DOUBLE",
        "d": "BOOLEAN",
        "e": "TIMESTAMP",
        "f": "DATE",
        "g": "ARRAY<STRING>",
        "h": "INT",
        "i": "DECIMAL(10, 2)",
        "j": "BINARY",
    }
    assert [c.nullable for c in table.columns] == [False] + [True] * 9


def test_names_that_need_quotes(engine, catalog):
    engine.within("shop").execute("CREATE TABLE `odd name; it's` (`a.b` STRING)")
    [odd] = [t for t in catalog.tables("workbench", "shop") if "odd" in t.full_name]
    assert catalog.table(odd.full_name).columns[0].name == "a.b"
    assert catalog.table("workbench.shop.`odd name; it's`") is not None


@pytest.mark.parametrize(
    "name",
    [
        "no.such.table",
        "workbench.shop.nope",
        "shop_t",
        "shop.shop_t",
        "workbench.shop.shop_t.x",
        "",
        "'; DROP TABLE x; --",
        "☂.☂.☂",
    ],
)
def test_tables_that_are_not_there(catalog, name):
    assert catalog.table(name) is None


def test_a_catalog_that_is_not_there(catalog):
    for ask in (lambda: catalog.schemas("system"), lambda: catalog.tables("memory", "shop")):
        with pytest.raises(NotFound, match="`workbench`"):
            ask()


@pytest.mark.parametrize(
    "duckdb, named",
    [
        ("VARCHAR", "STRING"),
        ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP"),
        ("HUGEINT", "DECIMAL(38, 0)"),
        ("TIMESTAMP", "TIMESTAMP_NTZ"),
        ("JSON", "VARIANT"),
        ("UINTEGER", "BIGINT"),
        ("ENUM('a', 'b')", "STRING"),
        ("INTEGER[3]", "ARRAY<INT>"),
        ("TIME", "STRING"),
        ("STRUCT(a INTEGER, b JSON[])[]", "ARRAY<STRUCT<a: INT, b: ARRAY<VARIANT>>>"),
        ("MAP(VARCHAR, BIGINT)", "MAP<STRING, BIGINT>"),
        ("SOMETHING NEW", "STRING"),
    ],
)
def test_types_have_databricks_names(duckdb, named):
    assert databricks_type(duckdb) == named
