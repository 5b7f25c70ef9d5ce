"""A page goes on with the token of its first request, until that expires."""

import time
from collections.abc import Iterator

import pytest

from ontos.data.sheets import SheetSpec, create_sheet, preview_sheet, publish_sheet
from ontos.doors.identity import from_request, person_of
from ontos.govern.tokens import TokenSpec, create_token
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied, Unauthenticated
from tests.wire.inprocess import ELSEWHERE, Inside, inside

ANN = "ann@example.org"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    with inside(tmp_path_factory.mktemp("place"), identity="proxy") as opened:
        yield opened


def headers(token: str, user: str = ANN) -> dict[str, str]:
    return {"x-forwarded-email": user, "x-forwarded-access-token": token}


def page(place: Inside, token: str, came: float) -> Caller:
    """The caller of a page whose session began with this token."""
    return place.bench.directory.of_person(person_of(place.bench, headers(token), None, came))


def expire(place: Inside, token: str) -> None:
    place.workspace.people.revoke(token)
    place.warehouse.faults.expired.add(token)


@pytest.fixture
def sheet(place: Inside) -> str:
    """Of a table that Ann may read, and Bob may not."""
    ann = place.person(ANN)
    table = place.table(f"t{time.monotonic_ns()}", [{"ref": "a", "text": "hello"}])
    spec = SheetSpec(name="s", source_table=table, item_id_column="ref")
    return publish_sheet(ann, create_sheet(ann, spec).id).id


def test_a_stale_token_is_refreshed_by_a_later_request(place: Inside, sheet: str) -> None:
    old, opened = place.workspace.people.add(ANN, "admins"), time.monotonic()
    assert len(preview_sheet(page(place, old, opened), sheet).rows) == 1
    expire(place, old)
    new = place.workspace.people.add(ANN, "admins")
    from_request(place.bench, headers(new), None, "rest")
    assert len(preview_sheet(page(place, old, opened), sheet).rows) == 1


def test_without_one_the_page_asks_to_reload(place: Inside, sheet: str) -> None:
    """Whoever is met first: the groups of the person, Unity Catalog, or the SQL warehouse."""
    old = place.workspace.people.add(ANN, "admins")
    opened = time.monotonic()
    seen = page(place, old, opened)
    expire(place, old)
    for look in (lambda: page(place, old, opened), lambda: preview_sheet(seen, sheet),
                 lambda: seen.warehouse.as_person(old).rows("SELECT 1 AS one")):  # fmt: skip
        with pytest.raises(Unauthenticated) as refused:
            look()
        said = "Your sign-in at Databricks has expired. Reload the page."
        assert refused.value.detail == said


def test_an_api_token_reads_with_the_rights_of_who_sends_it(place: Inside, sheet: str) -> None:
    """Not as the app: that may read what neither of them may."""
    secret = create_token(place.person(ANN), TokenSpec(title="t", scopes={"sheets": "read"})).secret
    bob, ann = (place.person(name, reads=name == ANN).person.token or "" for name in
                ("bob@example.org", ANN))  # fmt: skip

    def sent(token: str) -> Caller:
        asked = headers(token, "whoever@example.org") | {"x-ontos-token": secret}
        return from_request(place.bench, asked, None, "rest")

    assert len(preview_sheet(sent(ann), sheet).rows) == 1
    with pytest.raises(Denied, match=f"GRANT USE CATALOG.*{ELSEWHERE.rpartition('.')[2]}"):
        preview_sheet(sent(bob), sheet)
