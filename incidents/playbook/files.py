"""Playbooks as YAML: what may stand in one, and how a variant is made from what it extends.

Pure but for reading the built-in files; rows and copies are made by the services.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from governance.people.choices import Role
from incidents.choices import Kind, Part, StepType, Undo
from incidents.playbook.params import UNDO, params_in_words, read_params

BUILTIN = Path(__file__).parent / "builtin"
GENERIC = "personalisation-harm"
LARGEST = 200_000  # bytes of a file
_STEP_FIELDS = [
    "part",
    "type",
    "title",
    "instruction",
    "role",
    "minutes",
    "automatic",
    "mandatory",
    "params",
    "undo",
]


class NotAPlaybook(Exception):
    """What was given is no playbook; the text says in one sentence why."""


class Step(BaseModel):
    """One step: what is done, by which role, within how many minutes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")
    part: Part
    type: StepType
    title: str = Field(min_length=5, max_length=120)
    instruction: str = Field(min_length=10)
    role: Role
    minutes: int | None = Field(None, ge=0, description="From the beginning of the episode.")
    automatic: bool = False
    mandatory: bool = True
    params: dict[str, Any] = Field(default_factory=dict)
    undo: Undo | None = None

    @model_validator(mode="after")
    def told_what_its_type_takes(self) -> Step:
        """Keep the parameters whole, defaults too: a copy does not change with the program."""
        try:
            read = read_params(self.type, self.params)
        except ValueError as problem:
            raise ValueError(f"the step {self.key!r} has {problem}") from None
        self.params.clear()
        self.params.update(read.model_dump(mode="json"))
        if self.undo is not None and self.type not in UNDO[self.undo]:
            raise ValueError(f"the step {self.key!r} cannot be undone by {self.undo}")
        return self

    @model_validator(mode="after")
    def only_effects_are_automatic(self) -> Step:
        """What people do by hand cannot happen by itself."""
        if self.automatic and self.type in BY_PEOPLE:
            raise ValueError(f"the step {self.key!r} is done by people and cannot be automatic")
        return self


BY_PEOPLE = (
    StepType.BY_HAND,
    StepType.INVESTIGATE,
    StepType.LIFT_HOLD,
    StepType.DECIDE_DUTIES,
    StepType.POST_MORTEM,
)


class Insertion(BaseModel):
    """A step that a variant adds, and the one it follows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: str
    step: Step


class PlaybookFile(BaseModel):
    """A playbook as it is written: whole, or as a variant of another."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["playbook/1"]
    key: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    title: str = Field(min_length=3, max_length=120)
    summary: str = ""
    kinds: tuple[Kind, ...] = ()
    extends: str | None = None
    replace: dict[str, dict[str, Any]] = Field(default_factory=dict)
    insert: tuple[Insertion, ...] = ()
    steps: tuple[Step, ...] = ()


class _Loader(yaml.SafeLoader):
    """The safe loader, for which `on`, `off`, `yes` and `no` are words: steps are held `on`."""


_BOOL = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOL]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|false)$", re.IGNORECASE), list("tTfF"))


def read_playbook(text: str | bytes) -> PlaybookFile:
    """Read a playbook from YAML.

    Raises
    ------
    NotAPlaybook : with one sentence that names the place
    """
    if len(text) > LARGEST:
        raise NotAPlaybook("The file is larger than a playbook can be.")
    try:
        data = yaml.load(text, _Loader)  # noqa: S506  (it is the safe one, see below)
        return PlaybookFile.model_validate(data)
    except yaml.YAMLError as problem:
        place = getattr(problem, "problem_mark", None)
        where = f" in line {place.line + 1}" if place else ""
        raise NotAPlaybook(f"The file is no YAML{where}.") from None
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        said = first["msg"].removeprefix("Value error, ")
        raise NotAPlaybook(f"{where}: {said[0].lower()}{said[1:]}.") from None


def resolve(file: PlaybookFile, known: Mapping[str, PlaybookFile]) -> tuple[Step, ...]:
    """Return the steps of a playbook with what it extends, replaces and inserts worked in."""
    steps = list(file.steps)
    if file.extends is not None:
        base = known.get(file.extends)
        if base is None or base.extends is not None:
            raise NotAPlaybook(f"There is no whole playbook {file.extends!r} to extend.")
        steps = [*base.steps, *file.steps]
    by_key = {step.key: place for place, step in enumerate(steps)}
    for key, changes in file.replace.items():
        if key not in by_key:
            raise NotAPlaybook(f"There is no step {key!r} to replace.")
        odd = sorted(set(changes) - set(_STEP_FIELDS))
        if odd:
            raise NotAPlaybook(f"A step has no {odd[0]!r}.")
        former = steps[by_key[key]].model_dump()
        if changes.get("type", former["type"]) != former["type"]:
            former |= {"params": {}, "undo": None}  # they belong to the type
        try:
            merged = Step.model_validate({**former, **changes})
        except ValidationError as problem:
            said = problem.errors()[0]["msg"].removeprefix("Value error, ")
            raise NotAPlaybook(f"{key}: {said}.") from None
        steps[by_key[key]] = merged
    for insertion in file.insert:
        places = [place for place, step in enumerate(steps) if step.key == insertion.after]
        if not places:
            raise NotAPlaybook(f"There is no step {insertion.after!r} to insert after.")
        steps.insert(places[0] + 1, insertion.step)
    keys = [step.key for step in steps]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise NotAPlaybook(f"The step {twice[0]!r} stands there twice.")
    if not steps:
        raise NotAPlaybook("A playbook has at least one step.")
    return tuple(steps)


@cache
def builtin() -> dict[str, PlaybookFile]:
    """Return the built-in playbooks by key."""
    files = [read_playbook(path.read_text("utf-8")) for path in sorted(BUILTIN.glob("*.yaml"))]
    return {file.key: file for file in files}


def plain_steps(file: PlaybookFile) -> list[dict[str, Any]]:
    """Return the resolved steps as plain data, as rows keep them."""
    return [step.model_dump(mode="json") for step in resolve(file, builtin())]


def differences(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what an import would change, step by step: added, removed, moved or changed fields."""
    old = {step["key"]: step for step in before}
    new = {step["key"]: step for step in after}
    order = [key for key in old if key in new]
    found: list[dict[str, Any]] = []
    for step in after:
        key = step["key"]
        if key not in old:
            found.append({"key": key, "title": step["title"], "change": "added", "fields": []})
            continue
        fields = [
            {"name": name, "before": _shown(old[key], name), "after": _shown(step, name)}
            for name in _STEP_FIELDS
            if old[key].get(name) != step.get(name)
        ]
        if fields:
            found.append(
                {"key": key, "title": step["title"], "change": "changed", "fields": fields}
            )
    for key, step in old.items():
        if key not in new:
            found.append({"key": key, "title": step["title"], "change": "removed", "fields": []})
    if order != [key for key in new if key in old]:
        found.append(
            {"key": "", "title": "The order of the steps", "change": "moved", "fields": []}
        )
    return found


def _shown(step: Mapping[str, Any], name: str) -> Any:
    value = step.get(name)
    return params_in_words(value) if isinstance(value, dict) else value
