"""GENERATE: templates that cannot or must not be rendered, and assembling what does not fit."""

import pytest

from tests.doors.bad_input.world import Case, World, refused


def prompt(what: str, text: str, says: str) -> Case:
    body = {"name": "x", "label_type": "intent", "user_prompt": text}
    return Case(what, "POST /templates", 422, "user_prompt", says, body)


def shown(what: str, text: str, says: str, field: str = "user_prompt") -> Case:
    """Sound as it is written, wrong once an item is put in."""
    item = {"sheet_id": "{sheet}", "column_mapping": {"x": "text"}}
    body = {"user_prompt": text, "item": item}
    return Case(what, "POST /templates/check", 422, field, says, body)


TEMPLATES = [
    prompt("empty", " \n", "is empty. Write what the model is asked"),
    prompt("syntax error", "{{ unclosed", "mistake in line 1"),
    prompt("syntax error further down", "a\n{% for x in %}", "mistake in line 2"),
    prompt("unknown filter", "{{ x|shout }}", "there is no filter 'shout'"),
    prompt("unknown test", "{{ x is loud }}", "No test named 'loud'"),
    prompt("nested too deep", "{{ " + "(" * 2000 + "1" + ")" * 2000 + " }}", "nested too deep"),
    prompt("too long", "x" * 100_001, "at most 100000 characters"),
    prompt("zero byte", "a\0b", "zero byte"),
    prompt("escape by attribute", "{{ ''.__class__ }}", "which templates may not"),
    prompt("escape by item", "{{ x['__class__'] }}", "which templates may not"),
    prompt("escape by filter", "{{ x|attr('__class__') }}", "there is no filter 'attr'"),
    prompt("escape by a global", "{{ cycler.__init__.__globals__ }}", "which templates may not"),
    prompt("escape by its own self", "{{ self._TemplateReference__context }}", "may not"),
    prompt("another template", "{% include 'x' %}", "takes in another template"),
    prompt("import", "{% import 'os' as os %}", "takes in another template"),
    shown("escape put together", "{{ x['__cla' ~ 'ss__'] }}", "what templates may not"),
    shown("escape by map", "{{ ([x]|map(attribute='__class__')|list)[0] }}", "may not"),
    shown("text without end", "{{ x * 10**9 }}", "what templates may not"),
    shown("number without end", "{{ x }}{{ 10 ** 10 ** 10 }}", "what templates may not"),
    shown("division by zero", "{{ x }}{{ 1 / 0 }}", "cannot be filled", "variables"),
    shown("unknown method", "{{ x.shout() }}", "wants what it was not given", "variables"),
    shown("unknown variable", "{{ x }}{{ y }}", "no column for 'y'. Choose one", "column_mapping"),
    Case("variable in the system prompt", "POST /templates", 422, "system_prompt",
         "Move the placeholder into the user prompt",
         {"name": "x", "label_type": "i", "user_prompt": "a", "system_prompt": "{{ x }}"}),
    Case("system prompt that fails", "POST /templates", 422, "system_prompt", "Correct the",
         {"name": "x", "label_type": "i", "user_prompt": "a", "system_prompt": "{{ 1 / 0 }}"}),
    Case("change of a published template", "PUT /templates/{template}", 409, None,
         "Make a new revision", {"user_prompt": "b"}),
    Case("change at another version", "PUT /templates/{draft_template}", 409, "version",
         "Load it again", {"name": "y", "version": 99}),
    Case("revision of a draft", "POST /templates/{draft_template}/revise", 409, None, "change it"),
    Case("unknown status", "GET /templates", 422, "status", "must be 'draft'",
         query={"status": "lost"}),
]  # fmt: skip

ASSEMBLE = "POST /sheets/{sheet}/assemble"
PLAN = {"name": "x", "template_id": "{template}", "column_mapping": {"message": "text"}}
ASSEMBLING = [
    Case("missed placeholder", ASSEMBLE, 422, "column_mapping", "no column for 'message'. Choose",
         PLAN | {"column_mapping": {}}),
    Case("missing column", ASSEMBLE, 422, "column_mapping", "has no column 'nothing'. It has",
         PLAN | {"column_mapping": {"message": "nothing"}}),
    Case("unknown variable", ASSEMBLE, 422, "column_mapping", "no placeholder 'other'. It has",
         PLAN | {"column_mapping": {"message": "text", "other": "text"}}),
    Case("missing response column", ASSEMBLE, 422, "response_column", "no column 'nothing'. It has",
         PLAN | {"response_column": "nothing"}),
    Case("archived sheet", "POST /sheets/{archived_sheet}/assemble", 409, "sheet_id",
         "Choose another sheet", PLAN),
    Case("draft sheet", "POST /sheets/{draft_sheet}/assemble", 409, "sheet_id", "Publish it", PLAN),
    Case("sheet without its table", "POST /sheets/{tableless_sheet}/assemble", 404, "sheet_id",
         "Bring it back or ask its owner", PLAN),
    Case("archived template", ASSEMBLE, 409, "template_id", "Revise and publish it",
         PLAN | {"template_id": "{archived_template}"}),
    Case("draft template", ASSEMBLE, 409, "template_id", "Publish it first",
         PLAN | {"template_id": "{draft_template}"}),
    Case("missing template", ASSEMBLE, 404, "template_id", "List templates",
         PLAN | {"template_id": "{unknown}"}),
    Case("generation while assembling", "POST /training-sheets/{assembling}/generate", 409,
         "training_sheet_id", "Wait until it is ready"),
    Case("generation of no end", "POST /training-sheets/{pairs}/generate", 422, "max_tokens",
         "must be less than or equal to 32768", {"max_tokens": 10**9}),
    Case("generation by a temperature that is none", "POST /training-sheets/{pairs}/generate", 422,
         "temperature", "must be", content='{"temperature": NaN}'),
    Case("cancel of nothing", "POST /training-sheets/{pairs}/cancel", 409, None, "Nothing runs"),
    Case("preview beyond the last item", "POST /templates/{template}/preview", 404, "offset",
         "Choose a smaller one",
         {"sheet_id": "{sheet}", "column_mapping": {"message": "text"}, "offset": 3}),
]  # fmt: skip


@pytest.mark.parametrize("case", TEMPLATES + ASSEMBLING, ids=str)
def test_it_is_refused(world: World, case: Case) -> None:
    refused(world, case)
