"""Edges that operations leave behind: what came out of what."""

import hashlib
from dataclasses import dataclass

from ontos.kernel.caller import Caller
from ontos.kernel.correlation import correlation
from ontos.kernel.fields import now


@dataclass(frozen=True)
class Node:
    """`kind` is table, sheet, template, training_sheet, training_job, model, endpoint, …"""

    kind: str
    id: str
    title: str


def link(caller: Caller, source: Node, target: Node, how: str) -> None:
    """Say that `target` came out of `source` by `how`; saying it twice changes nothing."""
    key = "\n".join((source.kind, source.id, target.kind, target.id, how))
    caller.warehouse.execute(
        "MERGE INTO lineage_edges AS t USING (SELECT :id AS id) AS s ON t.id = s.id"
        " WHEN NOT MATCHED THEN INSERT (id, source_type, source_id, source_title, target_type,"
        " target_id, target_title, how, user, at, correlation_id)"
        " VALUES (:id, :source_type, :source_id, :source_title, :target_type,"
        " :target_id, :target_title, :how, :user, :at, :correlation_id)",
        id=hashlib.sha256(key.encode()).hexdigest()[:32],
        source_type=source.kind, source_id=source.id, source_title=source.title,
        target_type=target.kind, target_id=target.id, target_title=target.title,
        how=how, user=caller.user, at=now(), correlation_id=correlation(),
    )  # fmt: skip
