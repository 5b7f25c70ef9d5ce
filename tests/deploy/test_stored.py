"""An endpoint's row is saved with what belongs to it, or not at all."""

import pytest

from ontos.deploy.endpoints import get_endpoint
from ontos.deploy.stored import SEEN, save
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict

NOTE = (
    "INSERT INTO endpoint_versions (endpoint_name, model_version, how, user, at)"
    f" SELECT :name, :noted, 'update', 'ann', current_timestamp() WHERE EXISTS ({SEEN})"
)


def noted(caller: Caller) -> list[str]:
    rows = caller.warehouse.rows("SELECT model_version AS v FROM endpoint_versions ORDER BY v")
    return [row["v"] for row in rows]


def test_what_belongs_to_a_change_is_written_with_it(hello: Caller) -> None:
    before = get_endpoint(hello, "hello")
    after = save(hello, before, also=[(NOTE, {"noted": "9"})], error_message="why")
    assert get_endpoint(hello, "hello") == after
    assert (after.version, after.error_message) == (before.version + 1, "why")
    assert noted(hello) == ["1", "9"]


def test_a_change_that_came_late_leaves_nothing(hello: Caller) -> None:
    before = get_endpoint(hello, "hello")
    first = save(hello, before, error_message="first")
    with pytest.raises(Conflict, match=f"{hello.user} changed"):
        save(hello, before, also=[(NOTE, {"noted": "9"})], error_message="second")
    assert get_endpoint(hello, "hello") == first
    assert noted(hello) == ["1"]
