"""Annotation tasks: what is asked of whom, and how far it is."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from ontos.generate.training_sheets import TrainingSheet, list_training_sheets
from ontos.kernel.caller import Caller
from ontos.label.tasks import (
    Assignment,
    Task,
    assign_task,
    cancel_task,
    complete_task,
    create_task,
    list_tasks,
)
from pages.clock import day
from pages.data.words import escaped
from pages.frame import attempt, go, loaded, mark


def draw(caller: Caller) -> None:
    tasks, sheets = loaded(
        lambda: list_tasks(caller, limit=200), lambda: list_training_sheets(caller, status="ready")
    )
    open_ones = [task for task in tasks.items if task.status == "open"]
    if not open_ones:
        st.info("Nothing is asked of anybody. Ask below, or from a gap on the Improve page.",
                icon=":material/task_alt:")  # fmt: skip
    for task in open_ones:
        _task(caller, task)
    _ask(caller, sheets.items, expanded=not open_ones)
    _ended([task for task in tasks.items if task.status != "open"])


def _task(caller: Caller, task: Task) -> None:
    with st.container(border=True):
        whose = f"for {escaped(task.assignee)}" if task.assignee else "for anybody"
        st.markdown(
            f"**{escaped(task.title)}** · {whose}  \n"
            f":gray[asked by {escaped(task.created_by)}, {day(task.created_at)}]"
        )
        if task.instructions:
            st.text(task.instructions)
        _progress(task)
        with st.container(horizontal=True):
            _actions(caller, task)


def _progress(task: Task) -> None:
    if task.reviewed_count is None:
        st.caption(f"{task.target_record_count:,} wanted. Progress is counted once pairs exist.")
        return
    share = min(task.reviewed_count / task.target_record_count, 1.0)
    st.progress(share, text=f"{task.reviewed_count:,} of {task.target_record_count:,} reviewed in"
                            f" {escaped(task.training_sheet_name or '')}")  # fmt: skip


def _actions(caller: Caller, task: Task) -> None:
    if task.training_sheet_id and st.button(
        "Start", key=f"start-{task.id}", type="primary", icon=":material/play_arrow:"
    ):
        go("label", "focus", sheet=task.training_sheet_id)
    if task.assignee != caller.user and st.button("Take it", key=f"take-{task.id}"):
        _assign(caller, task, caller.user)
    if task.assignee and st.button("Give it back", key=f"back-{task.id}"):
        _assign(caller, task, None)
    with st.popover("Done", icon=":material/check:"):
        st.write("It leaves the list of what waits.")
        if st.button("It is done", key=f"done-{task.id}", type="primary"):
            _run(complete_task, caller, task.id, done="Task done")
    with st.popover("Cancel", type="tertiary"):
        st.write("Nobody will be asked any more. What was labelled stays.")
        if st.button("Cancel the task", key=f"cancel-{task.id}"):
            _run(cancel_task, caller, task.id, done="Task cancelled")


def _assign(caller: Caller, task: Task, assignee: str | None) -> None:
    assignment = Assignment(assignee=assignee, version=task.version)
    _run(assign_task, caller, task.id, assignment, done="Task handed over")


def _run(operation: Callable[..., Task], *arguments: Any, done: str) -> None:
    if attempt(operation, *arguments, done=done):
        st.rerun()


def _ask(caller: Caller, sheets: list[TrainingSheet], *, expanded: bool) -> None:
    names = {sheet.id: sheet.name for sheet in sheets}
    asking = st.expander("Ask for labels", icon=":material/add_task:", expanded=expanded)
    with asking, st.form("task", border=False):
        title, who = st.columns([3, 2])
        spec = {
            "title": title.text_input("Title", placeholder="Look at the refund messages"),
            "assignee": who.text_input("For", placeholder="Anybody, or a name") or None,
            "training_sheet_id": st.selectbox(
                "Training sheet", list(names), index=None, format_func=names.__getitem__,
                placeholder="None: data is still to be found",
            ),
            "target_record_count": st.number_input("How many", min_value=1, value=100),
            "instructions": st.text_area("What to look for") or None,
        }  # fmt: skip
        if st.form_submit_button("Ask", type="primary", key="once-task"):
            _run(create_task, caller, spec, done="Task created")


def _ended(tasks: list[Task]) -> None:
    if not tasks:
        return
    with st.expander(f"{len(tasks)} done or cancelled"):
        for task in tasks:
            who = f":gray[{escaped(task.updated_by)}, {day(task.updated_at)}]"
            st.markdown(f"{mark(task.status)} {escaped(task.title)} {who}")
