import pytest

from ontos.deploy.endpoints import (
    create_endpoint,
    delete_endpoint,
    rollback_endpoint,
    update_endpoint,
)
from ontos.deploy.guardrails import get_guardrails, set_guardrails
from ontos.deploy.pii import KINDS
from ontos.deploy.queries import query_endpoint
from ontos.deploy.rails import Guarded, TooOften
from ontos.govern.audit import list_audit
from ontos.kernel.errors import Conflict, Denied, Invalid, NotFound, NotNow, Refused
from tests.deploy.made import ready, settled


def ask(caller, message, tone="!"):
    asked = {"inputs": [{"message": message, "tone": tone}]}
    return query_endpoint(caller, "hello", asked).predictions[0]


def rows(caller):
    """What was counted, in order: status, version and what went wrong."""
    return [
        (row["status_code"], row["model_version"], row["error_message"])
        for row in caller.warehouse.rows("SELECT * FROM endpoint_metrics ORDER BY id")
    ]


def test_an_endpoint_begins_without_guardrails(hello):
    told = get_guardrails(hello, "hello")
    assert (told.held, told.pii, told.keywords, told.calls_per_minute) == ({}, "NONE", [], None)


def test_the_workbench_holds_what_no_workspace_does(hello):
    told = set_guardrails(
        hello, "hello", {"keywords": ["Secret"], "pii": "MASK", "calls_per_minute": 60}
    )
    assert told == get_guardrails(hello, "hello")
    assert told.held == dict.fromkeys(("keywords", "pii", "calls_per_minute"), "workbench")
    assert told.pii_kinds == list(KINDS) and "without a Databricks workspace" in str(told.message)


@pytest.mark.parametrize("said", ["a secret", "SECRETS", "top-secret", "\uff53ecret"])
def test_a_keyword_in_a_question_never_reaches_the_model(hello, said):
    set_guardrails(hello, "hello", {"keywords": ["Secret"]})
    with pytest.raises(Guarded, match="input 0 holds the keyword 'Secret'") as refused:
        ask(hello, said)
    assert refused.value.more == {"guardrail": "keywords"}
    ((status, version, why),) = rows(hello)
    assert (status, version) == (400, None) and "keyword" in why
    assert list_audit(hello, operation="query_endpoint").items[0].outcome == "refused"
    assert ask(hello, "Ann") == "hello, Ann!"


def test_a_keyword_in_an_answer_is_not_told(hello):
    """The greeter says hello of itself."""
    set_guardrails(hello, "hello", {"keywords": ["hello,  ann"]})
    with pytest.raises(Guarded, match="answer 0 holds the keyword"):
        ask(hello, "Ann")
    ((status, version, _),) = rows(hello)
    assert (status, version) == (400, "1")


def test_personal_data_is_masked_on_the_way_in(hello):
    set_guardrails(hello, "hello", {"pii": "MASK"})
    assert ask(hello, "a@b.org", tone="?") == "hello, [e-mail address]?"
    assert ask(hello, "Ann") == "hello, Ann!"


def test_personal_data_is_masked_on_the_way_out(hello):
    """The greeter puts message and tone together, and only together are they an address."""
    set_guardrails(hello, "hello", {"pii": "MASK"})
    assert ask(hello, "ann@example", tone=".org") == "hello, [e-mail address]"


def test_personal_data_is_blocked_by_its_kind_and_not_repeated(hello):
    set_guardrails(hello, "hello", {"pii": "BLOCK"})
    with pytest.raises(Guarded, match=r"input 0 holds personal data \(card number\)") as refused:
        ask(hello, 4111111111111111)
    assert "4111" not in refused.value.detail and "4111" not in str(rows(hello))
    with pytest.raises(Guarded, match=r"answer 0 holds personal data \(e-mail address\)"):
        ask(hello, "ann@example", tone=".org")


def test_each_user_has_so_many_calls_a_minute(trained):
    from ontos.govern.members import MemberSpec, grant_role
    from ontos.workspace import Person

    grant_role(trained.caller, MemberSpec(principal="often@example.org", role="data_consumer"))
    other = trained.bench.directory.of_person(Person("often@example.org"))
    asked = {"inputs": [{"message": "a saw"}]}
    with ready(trained, "paced"):
        set_guardrails(trained.caller, "paced", {"calls_per_minute": 2})
        for _ in range(2):
            query_endpoint(trained.caller, "paced", asked)
        with pytest.raises(TooOften, match="2 calls a minute from each user") as often:
            query_endpoint(trained.caller, "paced", asked)
        assert 0 < often.value.more["retry_after_seconds"] <= 60
        assert query_endpoint(other, "paced", asked).predictions
        counted = trained.caller.warehouse.rows(
            "SELECT status_code, count(*) AS n FROM endpoint_metrics"
            " WHERE endpoint_name = 'paced' GROUP BY status_code"
        )
    assert {row["status_code"]: row["n"] for row in counted} == {200: 3, 429: 1}


@pytest.mark.parametrize("asked", [{"safety": True}, {"topics": ["greetings"]}])
def test_what_nobody_can_hold_here_is_refused_whole(hello, asked):
    set_guardrails(hello, "hello", {"keywords": ["secret"]})
    with pytest.raises(Refused, match=r"without a Databricks workspace.*leave this") as refused:
        set_guardrails(hello, "hello", {"keywords": ["other"]} | asked)
    assert refused.value.field == next(iter(asked))
    assert get_guardrails(hello, "hello").keywords == ["secret"]


def test_what_is_left_out_is_not_in_force_any_more(hello):
    set_guardrails(hello, "hello", {"keywords": ["hello"], "calls_per_minute": 1})
    told = set_guardrails(hello, "hello", {})
    assert (told.held, told.keywords, told.message) == ({}, [], None)
    assert [ask(hello, "Ann") for _ in range(3)] == ["hello, Ann!"] * 3


def test_guardrails_outlive_updates_and_end_with_the_endpoint(hello):
    set_guardrails(hello, "hello", {"keywords": ["secret"]})
    update_endpoint(hello, "hello", {"model_version": "2"})
    settled(hello, "hello")
    rollback_endpoint(hello, "hello")
    with pytest.raises(Guarded):
        ask(hello, "secret")
    delete_endpoint(hello, "hello")
    create_endpoint(hello, {"name": "hello", "model_name": "greeter", "model_version": "1"})
    settled(hello, "hello")
    assert get_guardrails(hello, "hello").held == {}
    assert ask(hello, "secret") == "hello, secret!"


@pytest.mark.parametrize(
    ("spec", "field", "says"),
    [
        ({"pii": "HIDE"}, "pii", "must be 'NONE', 'MASK' or 'BLOCK'"),
        ({"keywords": [""]}, "keywords.0", "is empty"),
        ({"keywords": ["\u3000"]}, "keywords.0", "is empty"),
        ({"keywords": ["a\nb"]}, "keywords.0", "one line"),
        ({"keywords": ["x" * 201]}, "keywords.0", "at most 200"),
        ({"keywords": ["x"] * 201}, "keywords", "at most 200"),
        ({"keywords": "secret"}, "keywords", "must be"),
        ({"calls_per_minute": 0}, "calls_per_minute", "greater than or equal to 1"),
        ({"calls_per_minute": "often"}, "calls_per_minute", "must be a valid integer"),
        ({"colour": "red"}, "colour", "leave it out"),
    ],
)
def test_what_is_no_guardrail_is_refused_by_its_field(hello, spec, field, says):
    with pytest.raises(Invalid, match=says) as refused:
        set_guardrails(hello, "hello", spec)
    assert str(refused.value.field).endswith(field)
    assert get_guardrails(hello, "hello").held == {}


def test_somebody_elses_change_is_not_overwritten(hello):
    seen = get_guardrails(hello, "hello").version
    set_guardrails(hello, "hello", {"keywords": ["secret"], "version": seen})
    with pytest.raises(Conflict, match="changed hello meanwhile") as late:
        set_guardrails(hello, "hello", {"version": seen})
    assert late.value.field == "version"
    assert get_guardrails(hello, "hello").keywords == ["secret"]


def test_there_is_a_time_for_guardrails(open_toys):
    """This workbench is not started: its endpoint is being created for good."""
    caller = open_toys().local_caller()
    create_endpoint(caller, {"name": "hello", "model_name": "greeter", "model_version": "1"})
    with pytest.raises(NotNow, match="creating"):
        set_guardrails(caller, "hello", {"keywords": ["secret"]})
    with pytest.raises(NotFound):
        set_guardrails(caller, "nobody", {})


def test_where_handing_them_down_fails_nothing_is_in_force(hello):
    """Somebody deleted the endpoint in the workspace."""
    hello.workspace.serving.delete("hello")
    with pytest.raises(NotFound):
        set_guardrails(hello, "hello", {"keywords": ["secret"]})
    assert get_guardrails(hello, "hello").held == {}


def test_an_endpoint_that_is_made_again_takes_them_up_again(hello):
    set_guardrails(hello, "hello", {"keywords": ["secret"]})
    hello.workspace.serving.delete("hello")
    update_endpoint(hello, "hello", {"model_version": "2"})
    assert settled(hello, "hello").traffic == {"2": 100}
    with pytest.raises(Guarded):
        ask(hello, "secret")


def test_who_may_only_read_cannot_set_them(trained):
    from ontos.govern.members import MemberSpec, grant_role
    from ontos.workspace import Person

    grant_role(trained.caller, MemberSpec(principal="looker@example.org", role="data_consumer"))
    reader = trained.bench.directory.of_person(Person("looker@example.org"))
    with ready(trained, "railed"):
        assert get_guardrails(reader, "railed").held == {}
        with pytest.raises(Denied):
            set_guardrails(reader, "railed", {})


def test_the_journal_says_who_set_what(hello):
    set_guardrails(hello, "hello", {"keywords": ["secret"]})
    entry = hello.warehouse.rows(
        "SELECT * FROM journal WHERE operation = 'set_guardrails'"
    )[0]  # fmt: skip
    assert entry["user"] == hello.user and "secret" in entry["detail"]
