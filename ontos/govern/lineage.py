"""The graph of what came out of what, around one thing."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel

from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound
from ontos.kernel.operation import operation
from ontos.kernel.permission import read
from ontos.warehouse import Row


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


MOST = 50_000
"""Edges read for one graph, the newest first. Operations leave few: none is left for each row."""


@operation("GET /lineage/entities", needs=read("governance"))
def list_lineage_entities(caller: Caller) -> list[LineageNode]:
    """The latest 500 things that lineage knows, newest first."""
    rows = caller.warehouse.rows(
        "SELECT type, id, max(title) AS title, max(at) AS latest FROM ("
        " SELECT target_type AS type, target_id AS id, target_title AS title, at FROM lineage_edges"
        " UNION ALL SELECT source_type AS type, source_id AS id, source_title AS title, at"
        " FROM lineage_edges) AS ends"
        " GROUP BY type, id ORDER BY latest DESC, type, id LIMIT 500"
    )
    return [
        LineageNode(entity_type=row["type"], entity_id=row["id"], title=row["title"])
        for row in rows
    ]


def look_up_latest(caller: Caller) -> str | None:
    """`type/id` of the first of those entities; asks for no permission, so for nobody's eyes."""
    rows = caller.warehouse.rows(
        "SELECT type, id FROM ("
        " SELECT target_type AS type, target_id AS id, at FROM lineage_edges"
        " UNION ALL SELECT source_type AS type, source_id AS id, at FROM lineage_edges"
        ") AS ends WHERE at = (SELECT max(at) FROM lineage_edges) ORDER BY type, id LIMIT 1"
    )
    return f"{rows[0]['type']}/{rows[0]['id']}" if rows else None


@operation("GET /lineage", needs=read("governance"))
def get_lineage(caller: Caller, entity_type: str, entity_id: str) -> LineageGraph:
    """Everything that the entity came out of, and everything that came out of it.

    The walk is done here and not in SQL: lineage has cycles (feedback leads back to data), and
    Databricks recurs by UNION ALL alone, which does not end on them.
    """
    edges = caller.warehouse.rows(
        "SELECT * FROM lineage_edges ORDER BY at DESC, id LIMIT :most", most=MOST
    )
    start = (entity_type, entity_id)
    rows = [*_walk(edges, start, "target", "source"), *_walk(edges, start, "source", "target")]
    if not rows:
        raise NotFound(
            f"entity_id: nothing is known of {entity_type[:60]} {entity_id[:120]}. Lineage begins "
            "with the first operation on a thing; list entities for what is known.",
            field="entity_id",
        )
    kept = {row["id"]: row for row in rows}.values()
    return LineageGraph(nodes=_nodes(kept), edges=[_edge(row) for row in kept])


def _walk(edges: list[Row], start: tuple[str, str], near: str, far: str) -> list[Row]:
    """The edges met on the way from `start`, always from their `near` end to their `far` end."""
    leaving: dict[tuple[str, str], list[Row]] = {}
    for edge in edges:
        leaving.setdefault((edge[f"{near}_type"], edge[f"{near}_id"]), []).append(edge)
    met, seen, waiting = [], {start}, [start]
    while waiting:
        for edge in leaving.get(waiting.pop(), ()):
            met.append(edge)
            end = (edge[f"{far}_type"], edge[f"{far}_id"])
            if end not in seen:
                seen.add(end)
                waiting.append(end)
    return met


def _nodes(edges: Iterable[Row]) -> list[LineageNode]:
    """Each end once, under its newest title."""
    nodes = {}
    for row in sorted(edges, key=lambda row: row["at"]):
        for end in ("source", "target"):
            kind, key = row[f"{end}_type"], row[f"{end}_id"]
            nodes[kind, key] = LineageNode(
                entity_type=kind, entity_id=key, title=row[f"{end}_title"]
            )
    return list(nodes.values())


def _edge(row: Row) -> LineageEdge:
    return LineageEdge(
        source=f"{row['source_type']}/{row['source_id']}",
        target=f"{row['target_type']}/{row['target_id']}",
        how=row["how"], user=row["user"], at=row["at"],
    )  # fmt: skip
