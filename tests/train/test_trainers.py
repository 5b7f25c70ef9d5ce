"""The trainers: what they learn, what they refuse, and that what is kept is what was learned."""

import csv
import random
from pathlib import Path

import numpy as np
import pytest

from ontos.kernel.errors import Invalid, Refused
from ontos.train.split import assign
from ontos.train.trainers import EMBEDDING, HEADS, TRAINERS, classifier, load_head, trainer_for
from ontos.train.trainers.base import Examples
from ontos.train.trainers.embedding import embedding
from ontos.train.trainers.features import TextFeatures
from ontos.train.trainers.linear import TRIED_ON, Linear, sample
from ontos.train.trainers.options import Options
from ontos.train.trainers.retrieval import SAME, RetrievalHead, chosen_threshold
from tests.train.sentences import QUESTIONS, ROWS

CLINC = Path(__file__).resolve().parents[3] / "shared" / "data" / "clinc150.csv"


class Told(list):
    """What a trainer reported."""

    def __call__(self, share, message, **metrics):
        self.append((share, message, metrics))


def examples_of(rows, frame="{}", fraction=0.8):
    prompts, responses = [frame.format(text) for text, _ in rows], [label for _, label in rows]
    sides = assign([str(n) for n in range(len(rows))], responses, fraction, 7).sides
    parts = [
        [each for each, its in zip(texts, sides, strict=True) if its == side]
        for side in ("train", "val")
        for texts in (prompts, responses)
    ]
    return Examples(*parts)


def trained(key, examples, told=None, **options):
    (trainer,) = [each for each in TRAINERS if each.key == key]
    return trainer.fit(examples, Options(**options), 7, Told() if told is None else told)


def right(fitted, examples):
    answers, _ = fitted.head.scored(examples.val_prompts)
    return np.mean([a == b for a, b in zip(answers, examples.val_responses, strict=True)])


def test_the_classifier_learns_and_tells_each_setting():
    examples, told = examples_of(ROWS), Told()
    fitted = trained("classifier", examples, told, C=[1, 10])
    assert right(fitted, examples) >= 0.75
    assert "C=1:" in told[0][1] and "C=10:" in told[1][1]
    assert [share for share, _, _ in told] == sorted(share for share, _, _ in told)
    assert {"val_accuracy", "val_macro_f1"} == told[0][2].keys()
    assert fitted.params["C"] in (1, 10) and fitted.threshold is None


def test_the_best_setting_on_validation_is_kept():
    examples, told = examples_of(ROWS), Told()
    fitted = trained("classifier", examples, told, C=[0.001, 10, 30])
    assert right(fitted, examples) == max(metrics["val_accuracy"] for _, _, metrics in told)


def test_the_same_seed_gives_the_same_model():
    examples = examples_of(ROWS)
    first, second = (trained("classifier", examples).head for _ in range(2))
    assert (first.linear.weights == second.linear.weights).all()


def test_six_examples_are_enough_to_begin():
    rows = [
        *[(text, "hours") for text in ("when do you open", "open today", "opening time")],
        *[(text, "fine") for text in ("pay a fine", "late fee", "how much is the fee")],
    ]
    fitted = trained("classifier", examples_of(rows, fraction=0.7))
    answers, sure = fitted.head.scored(["open when", "", "fee"])
    assert answers[0] == "hours" and answers[2] == "fine" and all(0 < each <= 1 for each in sure)


def test_prompts_that_hold_the_same_text_around_it_learn_the_same():
    long = "You sort messages to a library. " * 200
    plain, framed = examples_of(ROWS), examples_of(ROWS, long + "Message: {}\nLabel:")
    fitted = trained("classifier", framed)
    assert fitted.head.features.prefix.startswith("You sort")
    assert fitted.head.features.count == trained("classifier", plain).head.features.count


def test_a_single_response_is_refused():
    with pytest.raises(Refused, match="same response, “hours”"):
        trained("classifier", Examples(["a", "b"], ["hours"] * 2, ["c"], ["hours"]))


def test_responses_that_were_never_seen_are_noted():
    examples = examples_of(ROWS)
    more = Examples(
        examples.train_prompts,
        examples.train_responses,
        [*examples.val_prompts, "new"],
        [*examples.val_responses, "unheard"],
    )
    assert any("unheard" in note for note in trained("classifier", more).notes)


def test_a_missing_head_is_said_to_be_missing():
    assert EMBEDDING.installed() or any(
        "sentence-transformers" in note for note in trained("classifier", examples_of(ROWS)).notes
    )


def test_texts_without_any_known_word_are_answered():
    head = trained("classifier", examples_of(ROWS)).head
    answers, sure = head.scored(["", "\N{SNOWMAN}", "x" * 100_000])
    assert len(answers) == 3 and not np.isnan(sure).any()


def test_identical_prompts_can_be_learned_from():
    features = TextFeatures.learn(["same", "same"], 100)
    assert features.count and next(features.rows(["same"]))[0].size


def test_rows_have_length_one():
    features = TextFeatures.learn([text for text, _ in ROWS], 500)
    for _, weights in features.rows(text for text, _ in ROWS):
        assert np.linalg.norm(weights) == pytest.approx(1, abs=1e-5)


def test_settings_are_compared_on_some_of_many_examples():
    assert len(sample(TRIED_ON * 3, 1)) == TRIED_ON == len(set(sample(TRIED_ON * 3, 1)))
    assert list(sample(5, 1)) == [0, 1, 2, 3, 4]


def test_two_labels_add_up_to_one():
    linear = Linear.fit(np.eye(4, dtype=np.float32), ["a", "a", "b", "b"], 10, 1)
    answers, sure = linear.best(np.eye(4) @ linear.weights + linear.bias)
    assert answers == ["a", "a", "b", "b"] and all(each >= 0.5 for each in sure)


def test_retrieval_answers_what_is_near_and_is_unsure_of_the_rest():
    head = RetrievalHead.learn(*zip(*QUESTIONS, strict=True), 1000)
    answers, similar = head.scored(
        ["how do i get a library card", "may i bring some coffee", "photosynthesis in algae"]
    )
    assert answers[:2] == [QUESTIONS[0][1], QUESTIONS[5][1]]
    assert similar[0] == pytest.approx(1, abs=1e-5)
    assert similar[0] > similar[1] > similar[2]


def test_retrieval_chooses_when_to_abstain():
    fitted = trained("retrieval", examples_of(QUESTIONS))
    assert 0 < fitted.threshold <= SAME and "withheld" in fitted.notes[0]
    assert trained("retrieval", examples_of(QUESTIONS), abstain_threshold=0.4).threshold == 0.4


def test_the_threshold_lies_where_good_answers_outnumber_bad_ones():
    similar = np.array([0.2, 0.9, 0.6, 0.4])
    assert chosen_threshold(similar, np.array([False, True, True, False])) == pytest.approx(0.5)
    assert chosen_threshold(similar, np.array([True] * 4)) == pytest.approx(0.2)
    assert chosen_threshold(similar, np.array([False] * 4)) == SAME


@pytest.mark.parametrize("key", ["classifier", "retrieval"])
def test_what_is_kept_answers_as_what_was_learned(key, tmp_path):
    rows = ROWS if key == "classifier" else QUESTIONS
    head = trained(key, examples_of(rows)).head
    head.save(tmp_path)
    prompts = [text for text, _ in rows]
    assert load_head(head.kind, tmp_path).scored(prompts) == head.scored(prompts)


class LetterCounts:
    """An encoder small enough for a test."""

    def encode(self, sentences, *, normalize_embeddings, show_progress_bar):
        found = np.array(
            [[text.count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in sentences],
            float,
        )
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    def save(self, path):
        Path(path).mkdir()


def test_embeddings_are_another_head(tmp_path):
    examples = examples_of(ROWS)
    heads = [("Letters", lambda *given: embedding(*given, encoder=LetterCounts()))]
    fitted = classifier.fit(examples, Options(), 7, Told(), heads=heads)
    assert fitted.head.kind == EMBEDDING.key and right(fitted, examples) > 0.25
    fitted.head.save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"encoder", "head.json", "head.npz"}


def test_auto_takes_what_fits():
    assert trainer_for("auto", 18_000, 151).key == "classifier"
    assert trainer_for("auto", 300, 280).key == "retrieval"
    assert trainer_for("classifier", 300, 280).title == "Text classifier"
    with pytest.raises(Invalid, match="Choose auto, classifier or retrieval") as refused:
        trainer_for("magic", 1, 1)
    assert refused.value.field == "trainer"


def test_the_registry_is_whole():
    assert len({head.key for head in HEADS}) == len(HEADS)
    assert {head.key for trainer in TRAINERS for head in trainer.heads} == {h.key for h in HEADS}
    assert all(trainer.installed() for trainer in TRAINERS)
    with pytest.raises(Invalid, match="cannot load"):
        load_head("unheard", Path())


@pytest.mark.skipif(not CLINC.exists(), reason="the shared data is not beside the project")
def test_real_messages_of_fifteen_intents():
    with CLINC.open(newline="", encoding="utf-8") as lines:
        found = [(row["text"], row["intent"]) for row in csv.DictReader(lines)]
    intents = sorted({label for _, label in found})[::10]
    rows = [row for row in found if row[1] in intents]
    random.Random(5).shuffle(rows)  # noqa: S311 - a fixed sequence is wanted
    examples = examples_of(rows[:1000])
    fitted = trained("classifier", examples, C=[10])
    assert right(fitted, examples) >= 0.93
