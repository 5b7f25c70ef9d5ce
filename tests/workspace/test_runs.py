from hypothesis import given
from hypothesis import strategies as st

from ontos.workspace.runs import events, finished, json_object, parsed, running


@given(st.integers(0, 200))
def test_any_beginning_of_the_events_is_read(cut):
    text = '{"progress": 10, "message": "ä"}\n{"progress": 20}\n{"progress": 30, "message": "b"}\n'
    seen = parsed(text[:cut])
    assert [event["progress"] for event in seen] == [10, 20, 30][: len(seen)]
    assert len(seen) >= text[:cut].count("\n")


def test_lines_that_are_no_events_are_left_out(tmp_path):
    (tmp_path / "events.jsonl").write_bytes(b'\xff\n[1]\nnull\n\n{"progress": 5}\n')
    assert events(tmp_path) == ({"progress": 5},)


def test_nothing_is_there_yet(tmp_path):
    assert events(tmp_path) == ()
    assert json_object(tmp_path / "result.json") is None
    (tmp_path / "result.json").write_text('{"half')
    assert json_object(tmp_path / "result.json") is None


def test_a_running_run_shows_the_last_that_was_said():
    run = running(({"progress": 10, "message": "fitting"}, {"progress": 20}, {"progress": "odd"}))
    assert (run.status, run.progress, run.message) == ("running", 20.0, "fitting")
    assert (running(()).progress, running(()).message) == (0.0, None)


def test_the_result_says_how_it_ended():
    assert finished({"model_version": "1"}, ()).status == "succeeded"
    assert finished({"status": "succeeded"}, ()).status == "succeeded"
    cancelled = finished({"status": "cancelled", "error": "told to"}, ())
    assert (cancelled.status, cancelled.message) == ("cancelled", "told to")
