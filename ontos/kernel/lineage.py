"""Edges that operations leave behind: what came out of what."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ontos.kernel.caller import Caller
from ontos.kernel.correlation import correlation
from ontos.kernel.fields import now


@dataclass(frozen=True)
class Node:
    """`kind` is table, sheet, template, training_sheet, training_job, model, endpoint, …"""

    kind: str
    id: str
    title: str


class Edge(NamedTuple):
    """`target` came out of `source` by the operation `how`."""

    source: Node
    target: Node
    how: str


_MERGE = """
MERGE INTO lineage_edges AS t USING (
  SELECT e.* FROM (SELECT explode(from_json(:edges, 'ARRAY<STRUCT<id: STRING, source_type: STRING,
    source_id: STRING, source_title: STRING, target_type: STRING, target_id: STRING,
    target_title: STRING, how: STRING>>')) AS e) AS listed {condition}
) AS s ON t.id = s.id
WHEN NOT MATCHED THEN INSERT (id, source_type, source_id, source_title, target_type, target_id,
  target_title, how, user, at, correlation_id)
VALUES (s.id, s.source_type, s.source_id, s.source_title, s.target_type, s.target_id,
  s.target_title, s.how, :edges_user, :edges_at, :edges_correlation)
"""


def link(caller: Caller, source: Node, target: Node, how: str) -> None:
    """Say that `target` came out of `source` by `how`; saying it twice changes nothing."""
    statement, values = beside(caller, [Edge(source, target, how)])
    caller.warehouse.execute(statement, **values)


def beside(
    caller: Caller, edges: Sequence[Edge], condition: str | None = None
) -> tuple[str, dict[str, Any]]:
    """Edges for a script, said if the query `condition` finds anything; with the bound values."""
    statement = _MERGE.format(condition=f"WHERE EXISTS ({condition})" if condition else "")
    return statement, {
        "edges": json.dumps([_row(edge) for edge in edges]), "edges_user": caller.user,
        "edges_at": now(), "edges_correlation": correlation(),
    }  # fmt: skip


def _row(edge: Edge) -> dict[str, str]:
    source, target, how = edge
    key = "\n".join((source.kind, source.id, target.kind, target.id, how))
    return {
        "id": hashlib.sha256(key.encode()).hexdigest()[:32],
        "source_type": source.kind, "source_id": source.id, "source_title": source.title,
        "target_type": target.kind, "target_id": target.id, "target_title": target.title,
        "how": how,
    }  # fmt: skip
