import pytest

from ontos.deploy.queries import Query, query_endpoint
from ontos.kernel.errors import Invalid, NotFound
from tests.deploy.made import ready


def asked(trained, name):
    return trained.caller.warehouse.rows(
        "SELECT * FROM endpoint_metrics WHERE endpoint_name = :name ORDER BY at", name=name
    )


def question(*messages):
    return Query(inputs=[{"message": message} for message in messages])


def test_each_input_gets_an_answer(trained):
    with ready(trained, "ask"):
        answer = query_endpoint(
            trained.caller, "ask", question("please bring me one saw", "please bring me two plum")
        )
    assert answer.predictions == ["tool", "fruit"] and answer.model_version == "1"
    row = asked(trained, "ask")[0]
    assert (row["id"], row["status_code"], row["inputs"]) == (answer.request_id, 200, 2)
    assert row["latency_ms"] == answer.latency_ms > 0


def test_missing_variables_are_named_and_counted(trained):
    with ready(trained, "lacks"):
        with pytest.raises(Invalid, match="message"):
            query_endpoint(trained.caller, "lacks", Query(inputs=[{"text": "a saw"}]))
        row = asked(trained, "lacks")[0]
    assert row["status_code"] == 422 and "message" in row["error_message"]


def test_an_unknown_endpoint_leaves_no_metrics(trained):
    with pytest.raises(NotFound):
        query_endpoint(trained.caller, "no-such", question("a saw"))
    assert asked(trained, "no-such") == []


@pytest.mark.parametrize(
    "inputs", [[], [{"message": ["a"]}], [{"message": "x" * 100_001}], ["saw"], [{}] * 1001]
)
def test_what_is_no_question_is_refused(trained, inputs):
    with ready(trained, "strict"), pytest.raises(Invalid) as wrong:
        query_endpoint(trained.caller, "strict", {"inputs": inputs})
    assert "inputs" in str(wrong.value.field)


def test_odd_text_is_answered(trained):
    with ready(trained, "odd"):
        answer = query_endpoint(trained.caller, "odd", question("", "🍏'; DROP", "a\nb"))
    assert len(answer.predictions) == 3


def test_who_may_read_may_ask(trained):
    from ontos.govern.members import MemberSpec, grant_role
    from ontos.workspace import Person

    grant_role(trained.caller, MemberSpec(principal="asker@example.org", role="data_consumer"))
    asker = trained.bench.directory.of_person(Person("asker@example.org"))
    with ready(trained, "open"):
        assert query_endpoint(asker, "open", question("a saw")).predictions
    assert asked(trained, "open")[0]["user"] == "asker@example.org"
