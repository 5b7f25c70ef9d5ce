"""Templates: prompts with placeholders. Once published, a revision never changes."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import field_validator

from ontos.generate.rendering import compile_prompt, placeholders, render
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Invalid, NotFound, NotNow
from ontos.kernel.fields import Id, Input, Limit, Name, Record, Text, new_id, now
from ontos.kernel.lifecycle import Lifecycle
from ontos.kernel.lineage import Node
from ontos.kernel.operation import operation
from ontos.kernel.paging import Page, decode, page
from ontos.kernel.permission import read, write
from ontos.kernel.records import add_row, change_row, explain, save
from ontos.kernel.seen import see

Status = Literal["draft", "published", "archived"]

TEMPLATE_STATES = Lifecycle(
    "template", {"draft": ("published", "archived"), "published": ("archived",), "archived": ()}
)


class Template(Record):
    """Revisions of one `family_id` count up from 1; `placeholders` are in order of appearance."""

    id: str
    name: str
    label_type: str
    system_prompt: str | None
    user_prompt: str
    placeholders: list[str]
    status: str
    revision: int
    family_id: str
    version: int
    created_by: str
    created_at: datetime
    updated_by: str
    updated_at: datetime

    @field_validator("placeholders", mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value


_REVISE = """
INSERT INTO templates (id, name, label_type, system_prompt, user_prompt, placeholders,
  status, revision, family_id, version, created_by, created_at, updated_by, updated_at)
SELECT :id, t.name, t.label_type, t.system_prompt, t.user_prompt, t.placeholders,
  'draft', f.newest + 1, t.family_id, 1, :user, :at, :user, :at FROM templates AS t
JOIN (SELECT family_id, max(revision) AS newest FROM templates GROUP BY family_id) AS f
  ON f.family_id = t.family_id WHERE t.id = :template AND t.status <> 'draft'
  AND NOT EXISTS (SELECT 1 FROM templates AS mine WHERE mine.id = :id)
"""


class TemplateSpec(Input):
    """`user_prompt` is Jinja2. `system_prompt` is one for all items, so has no placeholder."""

    name: Name
    label_type: Name
    system_prompt: Text | None = None
    user_prompt: Text


class TemplateChange(Input):
    """Only what is given changes; `version` refuses to overwrite somebody else's change."""

    name: Name | None = None
    label_type: Name | None = None
    system_prompt: Text | None = None
    user_prompt: Text | None = None
    version: int | None = None


@operation("POST /templates", needs=write("templates"))
def create_template(caller: Caller, spec: TemplateSpec) -> Template:
    """Make a draft template; its prompts are checked at once."""
    key = new_id()
    template = Template(
        **spec.model_dump(), placeholders=check_prompts(spec.system_prompt, spec.user_prompt),
        id=key, family_id=key, revision=1, status="draft", version=1,
        created_by=caller.user, created_at=now(), updated_by=caller.user, updated_at=now(),
    )  # fmt: skip
    row = template.model_dump() | {"placeholders": json.dumps(template.placeholders)}
    add_row(caller, "templates", row, kind="template")
    return template


@operation("GET /templates", needs=read("templates"))
def list_templates(
    caller: Caller, status: Status | None = None, family_id: Id | None = None, limit: Limit = 100,
    cursor: str | None = None,
) -> Page[Template]:  # fmt: skip
    """Templates, newest first; `family_id` gives the revisions of one."""
    rows = caller.warehouse.rows(
        "SELECT * FROM templates WHERE (:status IS NULL OR status = :status)"
        " AND (:family IS NULL OR family_id = :family) AND (:after IS NULL OR id < :after)"
        " ORDER BY id DESC LIMIT :limit",
        status=status, family=family_id, after=decode(cursor), limit=limit + 1,
    )  # fmt: skip
    found = [see(caller, Template(**row)) for row in rows]
    return page(found, limit, lambda template: template.id)


@operation("GET /templates/{template_id}", needs=read("templates"))
def get_template(caller: Caller, template_id: Id) -> Template:
    """One template."""
    rows = caller.warehouse.rows("SELECT * FROM templates WHERE id = :id", id=template_id)
    if not rows:
        raise _no_template(template_id)
    return see(caller, Template(**rows[0]))


@operation("PUT /templates/{template_id}", needs=write("templates"))
def update_template(caller: Caller, template_id: Id, change: TemplateChange) -> Template:
    """Change a draft. What is published stays as it is: revise it instead."""
    given = _given(change)
    if "user_prompt" in given:
        given["placeholders"] = json.dumps(check_user_prompt(given["user_prompt"]))
    check_system_prompt(given.get("system_prompt"))
    return _save(caller, template_id, given, ("draft",), change.version)


@operation("POST /templates/{template_id}/publish", needs=write("templates"))
def publish_template(caller: Caller, template_id: Id) -> Template:
    """Open a template for assembling; it never changes from then on."""
    return _move(caller, template_id, "published")


@operation("POST /templates/{template_id}/archive", needs=write("templates"))
def archive_template(caller: Caller, template_id: Id) -> Template:
    """Retire a template: what was assembled with it stays, nothing more is."""
    return _move(caller, template_id, "archived")


@operation("POST /templates/{template_id}/revise", needs=write("templates"))
def revise_template(caller: Caller, template_id: Id) -> Template:
    """Make the next revision of a published or archived template, as a draft."""
    one = "SELECT * FROM templates WHERE id = :id"
    made = save(
        caller, _REVISE, finds=one, answer=one, id=new_id(), user=caller.user, at=now(),
        template=template_id,
    )  # fmt: skip
    if made.row is None:
        get_template(caller, template_id)
        raise NotNow("This template is a draft: change it as it is, no revision is needed.")
    return Template(**made.row)


def check_prompts(system_prompt: str | None, user_prompt: str) -> list[str]:
    """The placeholders; refuses what cannot or must not be rendered, naming the field."""
    found = check_user_prompt(user_prompt)
    check_system_prompt(system_prompt)
    return found


def check_user_prompt(user_prompt: str) -> list[str]:
    """Its placeholders."""
    if not user_prompt.strip():
        raise Invalid("user_prompt: is empty. Write what the model is asked.", field="user_prompt")
    compile_prompt(user_prompt, "user_prompt")
    return placeholders(user_prompt)


def check_system_prompt(system_prompt: str | None) -> None:
    """It is one for all items, and can be rendered as it is."""
    if system_prompt is None:
        return
    compile_prompt(system_prompt, "system_prompt")
    if found := placeholders(system_prompt):
        raise Invalid(
            f"system_prompt: {found[0]!r} would differ from item to item, but the system "
            "prompt is one for all. Move the placeholder into the user prompt.",
            field="system_prompt",
        )
    _require_renderable(system_prompt)


def _require_renderable(system_prompt: str) -> None:
    """It needs no item, so what fails in it is found before anything is assembled."""
    try:
        system_message(system_prompt)
    except Invalid as error:
        raise Invalid(f"system_prompt: {error.detail}", field="system_prompt") from error


def require_published(template: Template) -> None:
    """Refuse drafts and archived templates, saying how to go on."""
    if template.status == "draft":
        raise NotNow(f"template_id: {template.name!r} is a draft. Publish it first.",
                     field="template_id")  # fmt: skip
    if template.status != "published":
        raise NotNow(f"template_id: {template.name!r} is archived. Revise and publish it, or "
                     "choose another.", field="template_id")  # fmt: skip


def system_message(system_prompt: str | None) -> str | None:
    """The system prompt as it is sent: comments gone, None where nothing is left."""
    text = render(compile_prompt(system_prompt, "system_prompt"), {}) if system_prompt else ""
    return text if text.strip() else None


def node(template: Template) -> Node:
    return Node("template", template.id, f"{template.name} r{template.revision}")


def _given(change: TemplateChange) -> dict[str, Any]:
    """What was sent; None takes the system prompt away and otherwise means `as it was`."""
    sent = change.model_dump(exclude_unset=True, exclude={"version"})
    return {name: v for name, v in sent.items() if v is not None or name == "system_prompt"}


def _move(caller: Caller, template_id: str, to: str) -> Template:
    return _save(caller, template_id, {"status": to}, TEMPLATE_STATES.before(to))


def _save(
    caller: Caller, template_id: str, changes: Mapping[str, Any], states: tuple[str, ...],
    version: int | None = None,
) -> Template:  # fmt: skip
    """The template after the change; refuses with the reason where it may not be changed (so)."""
    row, done = change_row(
        caller, "templates", template_id, changes, states=states, version=version
    )
    if row is None:
        raise _no_template(template_id)
    if not done:
        explain(TEMPLATE_STATES, row, states, changes.get("status"))
        raise NotNow(
            f"This template is {row['status']} and never changes. Make a new revision of it "
            f"(POST /templates/{template_id}/revise), then change that."
        )
    return Template(**row)


def _no_template(template_id: str) -> NotFound:
    return NotFound(
        f"There is no template {template_id}. List templates for those there are.",
        field="template_id",
    )
