"""The sample project: messages to a pottery shop, some with pictures, ready to be worked on.

Written for this project. Loading it is the same as doing it by hand: it calls the operations.
"""

import base64
import csv
import io
import tempfile
from pathlib import Path

from pydantic import BaseModel

from ontos.data.sheets import SheetSpec, create_sheet, publish_sheet
from ontos.data.sources import upload_file
from ontos.generate.assembly import AssembleSpec, assemble_sheet
from ontos.generate.templates import TemplateSpec, create_template, publish_template
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, NotFound
from ontos.kernel.operation import operation
from ontos.kernel.permission import signed_in, write
from ontos.kernel.transfer import Upload
from ontos.warehouse import quote, split_name

HERE = Path(__file__).parent
TABLE = "sample_pottery_messages"
NAME = "Sample: pottery shop messages"


class Sample(BaseModel):
    """What was made, by name."""

    table: str
    rows: int
    sheet_id: str
    template_id: str
    training_sheet_id: str


class Removed(BaseModel):
    """How much was removed; `kept` names what was made of it later and stays."""

    pairs: int
    labels: int
    kept: list[str]


class SampleState(BaseModel):
    loaded: bool


@operation("GET /sample", needs=signed_in())
def get_sample(caller: Caller) -> SampleState:
    """Whether the sample project is loaded."""
    return SampleState(loaded=bool(_sheet_ids(caller)))


@operation("POST /sample", needs=write("sheets"), rights="person")
def load_sample(caller: Caller) -> Sample:
    """Load the sample project: a table, a sheet, a template and pairs that wait for review."""
    if _sheet_ids(caller):
        raise Conflict("The sample project is loaded already. Remove it first to load it afresh.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "messages.csv"
        path.write_text(with_pictures(), encoding="utf-8")
        source = upload_file(caller, Upload(path, "messages.csv", "text/csv"), TABLE)
    sheet = create_sheet(caller, SheetSpec(
        name=NAME, source_table=source.table, item_id_column="message_id",
        description="Messages to a pottery shop, some with a picture, each with its topic.",
        modalities={"message": "text", "picture": "image", "channel": "metadata",
                    "product": "metadata", "topic": "label"},
    ))  # fmt: skip
    publish_sheet(caller, sheet.id)
    template = create_template(caller, TemplateSpec(
        name=NAME, label_type="topic",
        system_prompt="You sort messages to a pottery shop by topic.",
        user_prompt="Product: {{ product }}\nMessage: {{ message }}\nTopic:",
    ))  # fmt: skip
    publish_template(caller, template.id)
    made = assemble_sheet(caller, sheet.id, AssembleSpec(
        name=NAME, template_id=template.id, response_column="topic",
        column_mapping={"product": "product", "message": "message"},
    ))  # fmt: skip
    return Sample(
        table=source.table, rows=source.rows, sheet_id=sheet.id, template_id=template.id,
        training_sheet_id=made.id,
    )  # fmt: skip


@operation("DELETE /sample", needs=write("sheets"))
def remove_sample(caller: Caller) -> Removed:
    """Remove the sample's table, sheet, template, pairs and labels. Models trained on it stay."""
    if not _sheet_ids(caller):
        raise NotFound("The sample project is not loaded, so there is nothing to remove.")
    caller.warehouse.execute(_HISTORY, name=NAME)
    counts = {}
    for table in ("pairs", "canonical_labels"):
        counts[table] = caller.warehouse.execute(
            f"DELETE FROM {table} WHERE sheet_id IN (SELECT id FROM sheets WHERE name = :name)",  # noqa: S608
            name=NAME,
        )
    kept = _kept(caller)
    for statement in _REMOVALS:
        caller.warehouse.execute(statement, name=NAME)
    table = f"{caller.workspace.catalog.upload_schema()}.{TABLE}"
    caller.warehouse.execute(f"DROP TABLE IF EXISTS {quote(*split_name(table))}")
    caller.warehouse.execute("DELETE FROM sources WHERE table_name = :table", table=table)
    return Removed(pairs=counts["pairs"], labels=counts["canonical_labels"], kept=kept)


def with_pictures() -> str:
    """The sample's CSV text, each picture's name replaced by the picture as a data address."""
    rows = list(csv.DictReader((HERE / "messages.csv").read_text(encoding="utf-8").splitlines()))
    pictures = {
        file.stem: "data:image/svg+xml;base64," + base64.b64encode(file.read_bytes()).decode()
        for file in sorted((HERE / "pictures").glob("*.svg"))
    }
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(row | {"picture": pictures.get(row["picture"], "")} for row in rows)
    return text.getvalue()


_HISTORY = """
DELETE FROM label_versions WHERE pair_id IN
  (SELECT p.id FROM pairs AS p JOIN sheets AS s ON s.id = p.sheet_id WHERE s.name = :name)
"""
"""Before the pairs, by which alone it is known to be the sample's."""

_REMOVALS = (
    "DELETE FROM item_usage WHERE sheet_id IN (SELECT id FROM sheets WHERE name = :name)",
    "DELETE FROM training_sheets WHERE sheet_id IN (SELECT id FROM sheets WHERE name = :name)",
    "DELETE FROM templates WHERE name = :name",
    "DELETE FROM sheets WHERE name = :name",
)


def _sheet_ids(caller: Caller) -> list[str]:
    rows = caller.warehouse.rows("SELECT id FROM sheets WHERE name = :name", name=NAME)
    return [row["id"] for row in rows]


def _kept(caller: Caller) -> list[str]:
    """Models that were trained on the sample."""
    rows = caller.warehouse.rows(
        "SELECT DISTINCT j.model_name FROM training_jobs AS j JOIN training_sheets AS t"
        " ON t.id = j.training_sheet_id JOIN sheets AS s ON s.id = t.sheet_id"
        " WHERE s.name = :name ORDER BY j.model_name",
        name=NAME,
    )
    return [f"model {row['model_name']}" for row in rows]
