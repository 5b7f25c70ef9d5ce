"""What came out of what, drawn as a graph around one thing."""

import streamlit as st

from ontos.govern.lineage import LineageGraph, LineageNode, get_lineage, list_lineage_entities
from ontos.kernel.caller import Caller
from pages.ahead import read_ahead
from pages.clock import moment
from pages.data.words import short
from pages.frame import empty, pick
from pages.tables import rows_of
from pages.things import open_thing
from pages.words import many

SHAPES = {
    "table": ("cylinder", "#e0f2fe"), "sheet": ("note", "#ecfdf5"), "template": ("note", "#fef9c3"),
    "training_sheet": ("note", "#ede9fe"), "training_job": ("component", "#ffedd5"),
    "model": ("box3d", "#fee2e2"), "endpoint": ("oval", "#ccfbf1"), "feedback": ("note", "#fce7f3"),
}  # fmt: skip


def draw(caller: Caller) -> None:
    entities, ahead = read_ahead(
        caller, "lineage", "entity", lambda: list_lineage_entities(caller),
        lambda address: get_lineage(caller, *_named(address)),
        first=lambda found: _address(found[0]) if found else None,
    )  # fmt: skip
    if not entities:
        empty("No lineage yet", "Make a sheet, assemble it, train: each step leaves an edge here.",
              "Start with data", ("data", "upload"))  # fmt: skip
        return
    chosen = pick(
        "Around", entities, "entity", identity=_address,
        title=lambda e: f"{e.entity_type.replace('_', ' ')}: {e.title}",
    )  # fmt: skip
    if chosen is None:
        return
    kind = chosen.entity_type.replace("_", " ")
    open_thing(f"Open this {kind}", chosen.entity_type, chosen.entity_id)
    around = _address(chosen)
    graph = ahead.of(around)
    st.graphviz_chart(dot(graph, around))
    _edges(graph)


def _address(entity: LineageNode) -> str:
    return f"{entity.entity_type}/{entity.entity_id}"


def _named(address: str) -> tuple[str, str]:
    kind, _, key = address.partition("/")
    return kind, key


def dot(graph: LineageGraph, around: str) -> str:
    """The graph in Graphviz's language, downwards: so a narrow page can show it at full size."""
    lines = [
        "digraph {",
        'rankdir=TB; bgcolor="transparent"; nodesep=0.2; ranksep=0.35;',
        'node [fontname="sans-serif" fontsize=11 style=filled color="#94a3b8" margin="0.15,0.08"];',
        'edge [fontname="sans-serif" fontsize=9 color="#94a3b8" fontcolor="#64748b"];',
    ]
    for node in graph.nodes:
        shape, fill = SHAPES.get(node.entity_type, ("box", "#f1f5f9"))
        key = f"{node.entity_type}/{node.entity_id}"
        title = short(node.title) if node.entity_type == "table" else node.title
        label = f"{_escaped(_cut(title))}\\n{node.entity_type.replace('_', ' ')}"
        width = 2.5 if key == around else 1
        look = f'label="{label}" shape={shape} fillcolor="{fill}" penwidth={width}'
        lines.append(f'"{_escaped(key)}" [{look}];')
    for edge in graph.edges:
        how = _escaped(edge.how.replace("_", " "))
        lines.append(f'"{_escaped(edge.source)}" -> "{_escaped(edge.target)}" [label="  {how}"];')
    return "\n".join([*lines, "}"])


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _cut(text: str) -> str:
    return text if len(text) <= 32 else text[:31] + "…"


def _edges(graph: LineageGraph) -> None:
    titles = {f"{n.entity_type}/{n.entity_id}": n.title for n in graph.nodes}
    with st.expander(f"{many(len(graph.edges), 'step')}, as a table"):
        st.dataframe(
            rows_of([
                {"From": titles[e.source], "By": e.how.replace("_", " "), "To": titles[e.target],
                 "User": e.user, "When": e.at}
                for e in sorted(graph.edges, key=lambda e: e.at)
            ]),
            hide_index=True, column_config={"When": moment("When")},
        )  # fmt: skip
