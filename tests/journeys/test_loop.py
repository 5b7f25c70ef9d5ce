"""The closed loop by hand: from a file to a model that was improved once, all by clicks."""

import csv
import re
from pathlib import Path

import pytest

from tests.journeys.driver import Driver
from tests.serving import App
from tests.train.sentences import MESSAGES

pytestmark = pytest.mark.browser

TABLE, MODEL, ENDPOINT = "desk", "desk_topics", "desk"
PROMPT = "Message: {{ text }}\nTopic:"
QUESTION, RIGHT = "until when is the debt still open", "pay_fine"
"""Its words are those of the opening hours: the model takes it for a question about them."""


def test_the_loop_by_hand(driver: Driver, app: App, tmp_path: Path) -> None:
    labelled = messages(tmp_path / "desk.csv")
    bring_in(driver, labelled)
    make_a_sheet(driver)
    write_a_template(driver)
    assemble(driver)
    review(driver)
    train(driver)
    deploy(driver)
    ask_and_correct(driver)
    use_the_correction(driver)
    look_for_gaps_and_retrain(driver)
    update_and_roll_back(driver)
    look_back(driver)


def messages(path: Path) -> Path:
    rows = [(text, label) for label, texts in MESSAGES.items() for text in texts]
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(("id", "text", "topic"))
        out.writerows((f"d{n:03d}", text, label) for n, (text, label) in enumerate(rows))
    return path


def bring_in(on: Driver, file: Path) -> None:
    on.open()
    on.sees("Nothing here yet")
    on.press("Upload a table")
    on.upload(file)
    on.write("Name of the table", TABLE)
    on.press("Load as a table")
    on.sees(f"{len(file.read_text().splitlines()) - 1} rows from desk.csv")
    on.healthy()


def make_a_sheet(on: Driver) -> None:
    on.press("Make a sheet of it")
    on.write("Name", "Desk messages")
    on.choose("What names each row", "id")
    on.press("Make the sheet")
    on.sees("draft")
    on.press("Publish")
    on.sees("published", re.compile(r"\d+ items named by the column id"))
    on.press("Make pairs of it")
    on.sees("No published template")
    on.healthy()


def write_a_template(on: Driver) -> None:
    on.press("Open the templates")
    on.press("Write a template")
    on.write("Name", "Sort messages")
    on.write("Label type", "topic")
    on.write("User prompt", PROMPT)
    on.press("Save as draft")
    on.sees("draft")
    on.press("Publish")
    on.press("Publish the template")
    on.sees("published")
    on.healthy()


def assemble(on: Driver) -> None:
    on.press("Assemble pairs with it")
    on.choose("Sheet", "Desk messages")
    on.choose("Responses are in the column", "topic")
    on.write("Name", "Desk pairs")
    on.press("Assemble")
    on.sees("Review the pairs")
    on.healthy()


def review(on: Driver) -> None:
    on.press("Review the pairs")
    assert on.cell("Response", 1) == "opening_hours"
    on.type_into("Response", 1, "renew_loan")
    on.sees("1 unsaved change")
    on.button("Save").click()
    on.sees("1 saved", "1 edited")  # said for some seconds only, while the page is read anew
    on.settle()
    rest = sum(map(len, MESSAGES.values())) - 1
    on.press(f"Approve all {rest} pending")
    on.press(f"Approve {rest} pairs")
    on.sees(f"{rest + 1} of {rest + 1} reviewed")
    on.healthy()


def train(on: Driver) -> None:
    on.go("Train")
    on.write("Model name", MODEL)
    on.press("Train")
    on.sees("You can leave this page")
    on.page.reload()
    on.sees("Right on validation", seconds=300)
    on.press("Evaluate")
    on.sees("By label", "pairs answered on")
    on.healthy()


def deploy(on: Driver) -> None:
    on.press("Deploy")
    on.write("Name", ENDPOINT)
    on.press("Deploy")
    on.sees("Ask it")
    on.healthy()


def ask_and_correct(on: Driver) -> None:
    on.press("Ask it")
    on.write("Text", QUESTION)
    on.press("Ask")
    on.sees(re.compile(r"Version 1 · [\d.]+ ms"))
    on.press("Wrong")
    on.write("What would be right", RIGHT)
    on.press("Send")
    on.sees("noted as wrong")
    on.healthy()


def use_the_correction(on: Driver) -> None:
    on.go("Improve", "Feedback")
    on.sees(QUESTION, f"should be {RIGHT}")
    on.press("Make a pair of it")
    on.sees("made into a pair")
    on.go("Label")
    on.press("Approve all 1 pending")
    on.press("Approve 1 pair")
    on.healthy()


def look_for_gaps_and_retrain(on: Driver) -> None:
    on.go("Improve")
    on.press("Look for gaps")
    on.sees(re.compile(r"\d+ gaps? found"), "The query behind it")
    on.press("Retrain")
    on.press("Start the training job")
    on.sees("You can leave this page")
    on.sees("Right on validation", f"{MODEL} v2", seconds=300)
    on.healthy()


def update_and_roll_back(on: Driver) -> None:
    on.go("Deploy")
    on.press("Open")
    on.press("Change version")
    on.press("Change")
    on.sees(f"{MODEL}: version 2 answers")
    on.press("Roll back")
    on.press("Roll back now")
    on.sees(f"{MODEL}: version 1 answers")
    on.healthy()


def look_back(on: Driver) -> None:
    on.go("Govern", "Lineage")
    on.choose("Around", f"endpoint: {ENDPOINT}")
    for kind in ("table", "sheet", "template", "training sheet", "training job", "model"):
        on.sees(re.compile(f"^{kind}$"))
    on.view("Audit")
    assert on.cell("Operation", 1) == "rollback_endpoint"
    on.healthy()
