"""The served model: variables in, responses out."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from ontos.kernel.errors import Invalid
from ontos.train.served import BATCH, Card, Served, _load_pyfunc, load
from ontos.train.tracking import _sources
from ontos.train.trainers.retrieval import RetrievalHead
from tests.train.sentences import QUESTIONS

TEMPLATE = "Question: {{ question|trim }}{% if place %} ({{ place }}){% endif %}\nAnswer:"


def served(threshold=None, template=TEMPLATE, inputs=("question", "place")):
    prompts = [f"Question: {text}\nAnswer:" for text, _ in QUESTIONS]
    head = RetrievalHead.learn(prompts, [answer for _, answer in QUESTIONS], 1000)
    return Served(Card("retrieval", head.kind, template, inputs, threshold, "No idea."), head)


def test_prompts_are_rendered_as_for_training():
    row = {"question": " is there parking ", "place": "north"}
    assert served().prompts([row]) == ["Question: is there parking (north)\nAnswer:"]


def test_it_answers_mappings_and_tables_alike():
    rows = [{"question": text, "place": ""} for text, _ in QUESTIONS]
    answers = [answer for _, answer in QUESTIONS]
    assert served().predict(rows) == served().predict(pd.DataFrame(rows)) == answers


def test_nothing_in_a_table_renders_as_nothing():
    table = pd.DataFrame([{"question": "is there parking", "place": None}])
    assert served().predict(table) == [QUESTIONS[9][1]]


def test_it_says_that_it_does_not_know():
    model = served(threshold=0.5)
    prompts = ["Question: is there parking\nAnswer:", "Question: algae\nAnswer:"]
    sure, unsure = model.answers(prompts)
    assert (sure.response, sure.abstained) == (QUESTIONS[9][1], False)
    assert (unsure.response, unsure.abstained) == ("No idea.", True) and unsure.confidence < 0.5


def test_a_missing_variable_is_named():
    with pytest.raises(Invalid, match="place is missing"):
        served().predict([{"question": "is there parking"}])


def test_many_prompts_are_answered_in_order():
    prompts = [f"Question: {text}\nAnswer:" for text, _ in QUESTIONS] * (BATCH // 12 + 1)
    answers = served().answers(prompts)
    assert len(answers) == len(prompts) > BATCH
    assert [answer.response for answer in answers[-12:]] == [answer for _, answer in QUESTIONS]


def test_nobody_asks_nothing_is_answered():
    assert served().predict([]) == []


def test_it_is_kept_and_loaded(tmp_path):
    model = served(threshold=0.25)
    model.save(tmp_path)
    again = _load_pyfunc(str(tmp_path))
    assert again.card == model.card and again.get_raw_model() is again
    assert again.answers(["Question: maps\nAnswer:"]) == model.answers(["Question: maps\nAnswer:"])


def test_a_later_format_is_refused(tmp_path):
    served().save(tmp_path)
    card = tmp_path / "served.json"
    card.write_text(card.read_text("utf-8").replace('"format": 1', '"format": 2'), "utf-8")
    with pytest.raises(Invalid, match="format 2"):
        load(tmp_path)


def test_it_loads_where_the_project_is_not_installed(tmp_path):
    (tmp_path / "model").mkdir()
    served().save(tmp_path / "model")
    code = _sources(tmp_path / "code").parent
    program = (
        "import sys; from pathlib import Path; from ontos.train.served import load\n"
        f"model = load(Path({str(tmp_path / 'model')!r}))\n"
        "print(model.predict([{'question': 'is there parking', 'place': None}])[0])\n"
        "print([name for name in ('sklearn', 'scipy', 'mlflow') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=tmp_path,
        check=True,
        env={"PYTHONPATH": str(code)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == [QUESTIONS[9][1], "[]"]
    assert Path(code, "ontos", "train", "run.py").exists() is False
