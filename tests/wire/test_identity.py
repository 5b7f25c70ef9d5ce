"""As whom the warehouse is asked, and what is said to whom it does not let in."""

import time
from collections.abc import Callable

import pytest

from ontos.kernel.errors import Denied, Unauthenticated, Unavailable
from ontos.warehouse.databricks import DatabricksWarehouse
from tests.wire.grants import Grants
from tests.wire.server import TOKEN, Server, Warehouse
from tests.wire.written import COUNT, INSERT, count

Open = Callable[..., DatabricksWarehouse]


def test_a_wrong_warehouse_id_is_named_with_its_setting(opened: Open) -> None:
    wrong = opened(http_path="/sql/1.0/warehouses/nothing")
    with pytest.raises(Unavailable, match=r"warehouses/nothing\. Set ONTOS_HTTP_PATH"):
        wrong.rows("SELECT 1 AS x")


@pytest.mark.parametrize("sign_in", ["TOKEN", "CLIENT_SECRET"])
def test_a_wrong_host_is_named_within_seconds(
    opened: Open, monkeypatch: pytest.MonkeyPatch, sign_in: str
) -> None:
    monkeypatch.setenv("DATABRICKS_HOST", "http://127.0.0.1:9")
    monkeypatch.delenv("DATABRICKS_TOKEN")
    monkeypatch.setenv("DATABRICKS_CLIENT_ID", "app")
    monkeypatch.setenv(f"DATABRICKS_{sign_in}", "secret")
    began = time.monotonic()
    with pytest.raises(Unavailable, match=r"http://127\.0\.0\.1:9.* Check DATABRICKS_HOST"):
        opened(limit=0.5).rows("SELECT 1 AS x")
    assert time.monotonic() - began < 20.0


def test_revoked_credentials_are_fetched_anew(
    opened: Open, server: Server, served: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OAuth of a service principal: the token in use is refused, and the next one is not."""
    monkeypatch.delenv("DATABRICKS_TOKEN")
    monkeypatch.setenv("DATABRICKS_CLIENT_ID", "app")
    monkeypatch.setenv("DATABRICKS_CLIENT_SECRET", "secret")
    principal = opened()
    principal.execute("CREATE TABLE t (id STRING, n INT)")
    used = server.tokens_issued
    served.faults.expired |= {f"issued-{number}" for number in range(1, used + 1)}
    assert principal.execute(INSERT) == 1
    assert count(principal) == 1
    assert server.tokens_issued > used


def test_credentials_that_stay_refused_are_named(
    table: DatabricksWarehouse, served: Warehouse
) -> None:
    served.faults.expired.add(TOKEN)
    with pytest.raises(Unavailable, match="does not accept the app's credentials"):
        table.execute(INSERT)


def test_a_person_reads_with_their_own_token(table: DatabricksWarehouse, served: Warehouse) -> None:
    served.tokens.add("persons")
    person = table.as_person("persons")
    assert person.rows(COUNT) == [{"n": 0}]
    served.faults.expired.add("persons")
    with pytest.raises(Unauthenticated, match="Reload the page"):
        person.rows(COUNT)
    assert count(table) == 0
    served.tokens.add("newer")
    assert table.as_person("newer").rows(COUNT) == [{"n": 0}]


def test_a_person_sees_what_they_may_read_alone(
    table: DatabricksWarehouse, served: Warehouse
) -> None:
    grants = Grants({("persons", "default.t")})
    served.service.permits = grants.check
    served.tokens.add("persons")
    with pytest.raises(Denied, match="grant"):
        table.as_person("persons").rows(COUNT)
    assert table.as_person("persons").rows("SELECT 1 AS x") == [{"x": 1}]
    assert count(table) == 0
