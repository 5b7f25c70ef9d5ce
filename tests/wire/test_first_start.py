"""The first start in a workspace where nothing is granted yet: from what it says to an open app."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from ontos.doors.server import routes
from pages.data.words import escaped
from tests.pages.opened import SCRIPT, press, sound, texts
from tests.wire.engine import Refused
from tests.wire.ungranted import Ungranted, ungranted

CATALOG = "GRANT USE CATALOG, CREATE SCHEMA ON CATALOG `workbench` TO `app-id`;"
RIGHTS = "USE SCHEMA, CREATE TABLE, SELECT, MODIFY, CREATE VOLUME, CREATE MODEL, EXECUTE"
UPLOADS = f"GRANT {RIGHTS} ON SCHEMA `workbench`.`data_default` TO `app-id`;"
VOLUME = "GRANT READ VOLUME, WRITE VOLUME ON VOLUME `workbench`.`data_default`.`files` TO `app-id`;"


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Ungranted]:
    """`indirect` names who says who is asking; else it is this machine's user."""
    identity = getattr(request, "param", "local")
    with ungranted(tmp_path, ONTOS_IDENTITY=identity) as found:
        yield found
        assert found.workspace.unforeseen == []


proxied = pytest.mark.parametrize("place", ["proxy"], indirect=True)


def opened() -> AppTest:
    """Home, which is where anybody comes first."""
    return AppTest.from_file(str(SCRIPT), default_timeout=60).run()


def statements(page: AppTest) -> list[str]:
    return [code.value for code in page.code]


def api(place: Ungranted, user: str | None, *groups: str) -> TestClient:
    """As the proxy passes on what somebody asks."""
    client = TestClient(Starlette(routes=routes()), "http://127.0.0.1:8501")
    if user:
        token = place.workspace.people.add(user, *groups)
        client.headers |= {"X-Forwarded-Email": user, "X-Forwarded-Access-Token": token}
    return client


def test_the_page_says_what_to_grant_and_opens_once_it_is_granted(place: Ungranted) -> None:
    page = opened()
    assert not page.exception, page.exception[0].value
    assert [title.value for title in page.title] == ["Setup"]
    first = "GRANT USE CATALOG ON CATALOG `workbench` TO `app-id`, which is the app."
    assert escaped(first) in texts(page)
    assert {CATALOG, UPLOADS, VOLUME} <= set(statements(page))
    assert "Make what may be made" not in [button.label for button in page.button]
    assert place.follow(statements(page)) == [CATALOG, UPLOADS, VOLUME]
    page = press(page, "Check again")
    assert sound(page).title[0].value != "Setup" and statements(page) == []
    assert place.workspace.catalog.has("schema", "workbench.ontos_system")


def test_checking_again_shows_what_is_still_missing(place: Ungranted) -> None:
    place.follow([CATALOG.replace(", CREATE SCHEMA", "")])
    page = opened()
    assert CATALOG in statements(page)
    assert "The app lacks CREATE SCHEMA on workbench." in [text.value for text in page.text]
    page = press(page, "Check again")
    assert CATALOG in statements(page)


def test_what_may_be_made_is_made_by_one_press(place: Ungranted) -> None:
    """The store waits for the SQL warehouse; what needs no warehouse can be made meanwhile."""

    def refuses(_token: str, _sql: str, _schema: str) -> None:
        raise Refused("[PERMISSION_DENIED] You do not have permission to use the SQL warehouse.")

    place.warehouse.service.permits = refuses
    place.follow([CATALOG])
    catalog = place.workspace.catalog
    catalog.drop("volume", "workbench.data_default.files")
    catalog.drop("schema", "workbench.data_default")
    page = press(opened(), "Make what may be made")
    assert "do not have permission to use the SQL warehouse" in page.error[0].value
    assert "What the message above says remains" in page.success[0].value
    for name in ("ontos_system", "org_default", "data_default"):
        assert catalog.owners["schema", f"workbench.{name}"] == place.app
    assert catalog.owners["volume", "workbench.data_default.files"] == place.app
    assert "Make what may be made" not in [button.label for button in page.button]


@proxied
def test_a_page_of_nobody_shows_no_findings(place: Ungranted) -> None:
    page = opened()
    assert "The proxy names no user" in texts(page) and statements(page) == []


@proxied
def test_rest_answers_the_findings_to_whoever_may_mend_them(place: Ungranted) -> None:
    ann = api(place, "ann@example.org", "admins")
    found = ann.get("/api/v1/setup")
    assert found.status_code == 200
    remedies = {each["key"]: each["remedy"] for each in found.json()}
    assert remedies["catalog"] == CATALOG and remedies["volume"] == VOLUME
    place.follow([CATALOG])
    place.workspace.catalog.drop("volume", "workbench.data_default.files")
    made = ann.post("/api/v1/setup/moon")
    assert made.status_code == 404
    place.follow([UPLOADS])
    assert ann.get("/api/v1/sheets").json()["items"] == []
    after = {each["key"]: each["state"] for each in ann.get("/api/v1/setup").json()}
    assert after["schema ontos_system"] == "ready" and after["volume"] == "missing"
    assert ann.post("/api/v1/setup/volume").json()["state"] == "ready"


@proxied
@pytest.mark.parametrize(("method", "path"), [("GET", "setup"), ("POST", "setup/volume")])
def test_others_are_told_whom_to_ask(place: Ungranted, method: str, path: str) -> None:
    bob = api(place, "bob@example.org", "labelers").request(method, f"/api/v1/{path}")
    assert bob.status_code == 403
    assert "Ask a member of the workspace's group admins" in bob.json()["detail"]
    assert "TO `app-id`" in bob.json()["store"]
    nobody = api(place, None).request(method, f"/api/v1/{path}")
    assert nobody.status_code == 401


@proxied
def test_a_token_of_the_store_is_not_taken_for_its_holder(place: Ungranted) -> None:
    ann = api(place, "ann@example.org", "admins")
    refused = ann.get("/api/v1/setup", headers={"X-Ontos-Token": "ontos_made_up"})
    assert refused.status_code == 403 and "GRANT USE CATALOG" in refused.json()["detail"]


@proxied
def test_a_page_of_another_origin_makes_nothing(place: Ungranted) -> None:
    ann = api(place, "ann@example.org", "admins")
    sent = ann.post("/api/v1/setup/secrets", headers={"Sec-Fetch-Site": "cross-site"})
    assert sent.status_code == 401


@proxied
def test_readiness_and_every_other_path_name_the_grant(place: Ungranted) -> None:
    ann = api(place, "ann@example.org", "admins")
    grant = "GRANT USE CATALOG ON CATALOG `workbench` TO `app-id`"
    assert grant in ann.get("/api/v1/sheets").json()["detail"]
    ready = ann.get("/readyz")
    assert ready.status_code == 503
    assert grant in ready.json()["checks"]["workbench"]["reason"]
