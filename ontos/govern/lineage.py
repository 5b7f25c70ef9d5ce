"""The graph of what came out of what, around one thing."""

from datetime import datetime

from pydantic import BaseModel

from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound
from ontos.kernel.operation import operation
from ontos.kernel.permission import read
from ontos.warehouse import Row

DEPTH = 30
"""Steps followed in each direction."""


class LineageNode(BaseModel):
    entity_type: str
    entity_id: str
    title: str


class LineageEdge(BaseModel):
    """`source` and `target` are `type/id`."""

    source: str
    target: str
    how: str
    user: str
    at: datetime


class LineageGraph(BaseModel):
    nodes: list[LineageNode]
    edges: list[LineageEdge]


_WALK = (
    "WITH RECURSIVE up (type, id, depth) AS ("
    " SELECT :type AS type, :id AS id, 0 AS depth UNION"
    " SELECT e.source_type, e.source_id, up.depth + 1 FROM lineage_edges AS e"
    " JOIN up ON e.target_type = up.type AND e.target_id = up.id WHERE up.depth < :deepest),"
    " down (type, id, depth) AS ("
    " SELECT :type AS type, :id AS id, 0 AS depth UNION"
    " SELECT e.target_type, e.target_id, down.depth + 1 FROM lineage_edges AS e"
    " JOIN down ON e.source_type = down.type AND e.source_id = down.id"
    " WHERE down.depth < :deepest)"
    " SELECT DISTINCT e.* FROM lineage_edges AS e JOIN up"
    " ON e.target_type = up.type AND e.target_id = up.id"
    " UNION SELECT DISTINCT e.* FROM lineage_edges AS e JOIN down"
    " ON e.source_type = down.type AND e.source_id = down.id"
)


@operation("GET /lineage/entities", needs=read("governance"))
def list_lineage_entities(caller: Caller) -> list[LineageNode]:
    """The latest 500 things that lineage knows, newest first."""
    rows = caller.warehouse.rows(
        "SELECT type, id, max(title) AS title, max(at) AS latest FROM ("
        " SELECT target_type AS type, target_id AS id, target_title AS title, at FROM lineage_edges"
        " UNION ALL SELECT source_type, source_id, source_title, at FROM lineage_edges) AS ends"
        " GROUP BY type, id ORDER BY latest DESC LIMIT 500"
    )
    return [
        LineageNode(entity_type=row["type"], entity_id=row["id"], title=row["title"])
        for row in rows
    ]


@operation("GET /lineage", needs=read("governance"))
def get_lineage(caller: Caller, entity_type: str, entity_id: str) -> LineageGraph:
    """Everything that the entity came out of, and everything that came out of it."""
    rows = caller.warehouse.rows(_WALK, type=entity_type, id=entity_id, deepest=DEPTH)
    if not rows:
        raise NotFound(
            f"entity_id: nothing is known of {entity_type} {entity_id}. Lineage begins with the "
            "first operation on a thing.",
            field="entity_id",
        )
    nodes = {}
    for row in rows:
        for end in ("source", "target"):
            found = LineageNode(
                entity_type=row[f"{end}_type"],
                entity_id=row[f"{end}_id"],
                title=row[f"{end}_title"],
            )
            nodes[f"{found.entity_type}/{found.entity_id}"] = found
    return LineageGraph(nodes=list(nodes.values()), edges=[_edge(row) for row in rows])


def _edge(row: Row) -> LineageEdge:
    return LineageEdge(
        source=f"{row['source_type']}/{row['source_id']}",
        target=f"{row['target_type']}/{row['target_id']}",
        how=row["how"], user=row["user"], at=row["at"],
    )  # fmt: skip
