from concurrent.futures import ThreadPoolExecutor

import pytest

from ontos.deploy.endpoints import (
    EndpointChange,
    EndpointSpec,
    create_endpoint,
    delete_endpoint,
    get_endpoint,
    rollback_endpoint,
    update_endpoint,
)
from ontos.deploy.stored import save
from ontos.kernel.errors import NotFound, NotNow
from ontos.kernel.jobs import latest
from tests.deploy.made import settled
from tests.train.made import until


def greeter(name="hello", version="1", model="greeter"):
    return EndpointSpec(name=name, model_name=model, model_version=version)


def over(caller, name):
    """The roll-out's job, once it has ended."""
    return until(
        lambda: latest(caller, ("endpoint", name)), lambda job: job.finished_at is not None, 30
    )


@pytest.mark.parametrize("asked", [False, True])
def test_a_restart_settles_what_was_being_loaded(open_toys, asked):
    """Whether or not the former process got as far as asking for the model."""
    before = open_toys()
    caller = before.local_caller()
    create_endpoint(caller, greeter())
    if asked:
        caller.workspace.serving.create("hello", "greeter", "1")
    before.close()
    after = open_toys()
    after.start()
    assert settled(after.local_caller(), "hello").status == "ready"


def test_a_model_that_cannot_be_loaded_fails_the_endpoint(open_toys):
    bench = open_toys()
    bench.start()
    caller = bench.local_caller()
    create_endpoint(caller, greeter(model="broken", version="2"))
    seen = settled(caller, "hello")
    assert (seen.status, seen.model_version) == ("failed", None)
    assert "weights are missing" in str(seen.error_message)
    assert over(caller, "hello").status == "failed"


def test_a_failed_update_leaves_the_former_version_answering(open_toys):
    bench = open_toys()
    bench.start()
    caller = bench.local_caller()
    create_endpoint(caller, greeter(model="broken", version="1"))
    settled(caller, "hello")
    update_endpoint(caller, "hello", EndpointChange(model_version="2"))
    seen = settled(caller, "hello")
    assert (seen.status, seen.model_version) == ("failed", "1")
    assert "Version 1 still answers" in str(seen.error_message)
    assert caller.workspace.serving.query("hello", [{"message": "a", "tone": "b"}])


def test_a_second_change_waits_for_the_first(open_toys):
    caller = open_toys().local_caller()
    create_endpoint(caller, greeter())
    with pytest.raises(NotNow, match="creating"):
        update_endpoint(caller, "hello", EndpointChange(model_version="2"))
    with pytest.raises(NotNow, match="creating"):
        rollback_endpoint(caller, "hello")


def test_an_endpoint_deleted_while_loading_stays_deleted(open_toys):
    bench = open_toys()
    caller = bench.local_caller()
    create_endpoint(caller, greeter())
    delete_endpoint(caller, "hello")
    bench.start()
    assert over(caller, "hello").status == "cancelled"
    with pytest.raises(NotFound):
        get_endpoint(caller, "hello")
    assert caller.workspace.serving.state("hello") is None


def test_what_ends_late_fails_no_other_endpoint_of_its_name(open_toys):
    bench = open_toys()
    caller = bench.local_caller()
    create_endpoint(caller, greeter())
    delete_endpoint(caller, "hello")
    create_endpoint(caller, greeter(version="2"))
    bench.start()
    seen = settled(caller, "hello")
    assert (seen.status, seen.model_version) == ("ready", "2")


def test_a_deletion_holds_whatever_the_roll_out_writes_at_that_moment(hello, monkeypatch):
    serving, delete = hello.workspace.serving, hello.workspace.serving.delete

    def meanwhile(name):
        delete(name)
        save(hello, get_endpoint(hello, name), status="ready")

    monkeypatch.setattr(serving, "delete", meanwhile)
    assert delete_endpoint(hello, "hello").status == "deleted"
    with pytest.raises(NotFound):
        get_endpoint(hello, "hello")


def test_what_is_created_after_the_deletion_is_served_no_more(open_toys, monkeypatch):
    bench = open_toys()
    caller = bench.local_caller()
    serving, create = caller.workspace.serving, caller.workspace.serving.create

    def too_late(*asked):
        with ThreadPoolExecutor(1) as other:  # as of another request
            other.submit(delete_endpoint, caller, "hello").result()
        return create(*asked)

    monkeypatch.setattr(serving, "create", too_late)
    create_endpoint(caller, greeter())
    bench.start()
    assert over(caller, "hello").status == "cancelled"
    assert serving.state("hello") is None


def test_a_version_of_another_model_under_the_name_is_not_what_was_wanted(open_toys):
    bench = open_toys()
    caller = bench.local_caller()
    caller.workspace.serving.create("hello", "broken", "1")
    create_endpoint(caller, greeter())
    bench.start()
    assert settled(caller, "hello").status == "ready"
    assert caller.workspace.serving.state("hello").model_name == "greeter"
