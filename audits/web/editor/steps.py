"""The steps of the editor's page: show the fields, add a row, take a preset, preview, save.

Each is a button that sends the whole form; without a script the page is simply drawn again.
"""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import QueryDict

from audits import chooser
from audits.models import Plan
from audits.presets import PRESETS
from audits.web.editor.filling import (
    fill_choice,
    fill_columns,
    fill_method,
    fill_preset,
)
from audits.web.editor.form import PlanEditor
from audits.web.editor.limits import MOST_ROWS, ROWS, number_of_rows
from governance.core.actors import Actor
from governance.registry.models import System

SHOW, ADD_LIMIT, PRESET, PREVIEW, SAVE = "show", "add_limit", "preset", "preview", "save"
#: Steps in which what was typed is judged.
JUDGED = frozenset({PREVIEW, SAVE})


def take_wishes(data: QueryDict, wishes: QueryDict) -> None:
    """Put into a blank form what an address asks for: a system, a source, a method, answers."""
    for name in ("system", "source", "version", "method", "title", "key"):
        if wishes.get(name):
            data[name] = str(wishes[name])
    if wishes.get("preset") in PRESETS:
        data["preset_wanted"] = str(wishes["preset"])
    for key in chooser.QUESTIONS:
        if wishes.get(f"a_{key}"):
            data[f"a_{key}"] = str(wishes[f"a_{key}"])


def draw(
    data: QueryDict,
    step: str,
    *,
    systems: QuerySet[System],
    actor: Actor,
    plan: Plan | None = None,
) -> PlanEditor:
    """Carry out a step on what was typed and return the form as it now stands."""
    if step == ADD_LIMIT:
        data[ROWS] = str(min(number_of_rows(data) + 1, MOST_ROWS))
    fill_method(data)
    form = _form(data, step, systems, actor, plan)
    if step == PRESET and data.get("preset_wanted") in PRESETS:
        fill_preset(data, PRESETS[str(data["preset_wanted"])], form.known)
        form = _form(data, step, systems, actor, plan)
    if step not in JUDGED and data.get("method"):
        fill_columns(data, form.chosen_method.roles, form.known)
    return form


def begin(
    data: QueryDict, wishes: QueryDict, *, systems: QuerySet[System], actor: Actor
) -> PlanEditor:
    """Return the form as it is first seen."""
    take_wishes(data, wishes)
    choice = chooser.choose({key: str(data.get(f"a_{key}", "")) for key in chooser.QUESTIONS})
    if choice is not None:
        fill_choice(data, choice)
    step = PRESET if data.get("preset_wanted") else SHOW
    return draw(data, step, systems=systems, actor=actor)


def _form(
    data: QueryDict, step: str, systems: QuerySet[System], actor: Actor, plan: Plan | None
) -> PlanEditor:
    return PlanEditor(data, systems=systems, actor=actor, plan=plan, quiet=step not in JUDGED)
