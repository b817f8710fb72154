"""The usual bodies of the fast doors, read typed; anything unusual is the slow path's. Pure.

Members these doors do not know are ignored, as both standards ask. A body that does not fit is
not wrong: it is read again by the slow path, which knows every rule and every error.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from consent.slowpath.authzen import SEMANTICS

Subject = Annotated[str, msgspec.Meta(max_length=1024)]
Region = Annotated[str, msgspec.Meta(max_length=10)]
Key = Annotated[str, msgspec.Meta(max_length=63)]
Token = Annotated[str, msgspec.Meta(max_length=64)]
Named = Annotated[str, msgspec.Meta(min_length=1)]

MOST_SUBJECTS = 10_000


class Context(msgspec.Struct, gc=False):
    """OFREP's evaluation context."""

    targetingKey: Subject = ""  # noqa: N815  (OFREP's word)
    region: Region = ""
    gpc: bool = False
    surface: Key = ""
    asOf: Token = ""  # noqa: N815


class FlagQuestion(msgspec.Struct, gc=False):
    """OFREP, one flag or all."""

    context: Context = msgspec.field(default_factory=Context)


class Circumstances(msgspec.Struct, gc=False):
    """AuthZEN's context; the person is the subject."""

    region: Region = ""
    gpc: bool = False
    surface: Key = ""
    asOf: Token = ""  # noqa: N815


class Entity(msgspec.Struct, gc=False):
    """A subject or a resource."""

    type: Named
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    properties: dict[str, Any] = msgspec.field(default_factory=dict)


class Action(msgspec.Struct, gc=False):
    name: Named
    properties: dict[str, Any] = msgspec.field(default_factory=dict)


class Evaluation(msgspec.Struct, gc=False):
    """AuthZEN, one evaluation."""

    subject: Entity
    action: Action
    resource: Entity
    context: Circumstances = msgspec.field(default_factory=Circumstances)


class PartOfEvaluations(msgspec.Struct, gc=False):
    """One of several evaluations: what it lacks comes from the defaults."""

    subject: Entity | UnsetType = UNSET
    action: Action | UnsetType = UNSET
    resource: Entity | UnsetType = UNSET
    context: Circumstances | UnsetType = UNSET


class Options(msgspec.Struct, gc=False):
    evaluations_semantic: str = SEMANTICS[0]


class Evaluations(msgspec.Struct, gc=False):
    """AuthZEN, several evaluations with their defaults."""

    evaluations: Annotated[list[PartOfEvaluations], msgspec.Meta(min_length=1, max_length=1_000)]
    subject: Entity | UnsetType = UNSET
    action: Action | UnsetType = UNSET
    resource: Entity | UnsetType = UNSET
    context: Circumstances | UnsetType = UNSET
    options: Options = msgspec.field(default_factory=Options)


class CheckQuestion(msgspec.Struct, gc=False):
    """`consent/check`: one purpose or system for many people."""

    subjects: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]],
        msgspec.Meta(max_length=MOST_SUBJECTS),
    ]
    purpose: Key = ""
    system: Key = ""
    region: Region = ""
    gpc: bool = False
    as_of: Token = ""


read_flag_question = msgspec.json.Decoder(FlagQuestion).decode
read_evaluation = msgspec.json.Decoder(Evaluation).decode
read_evaluations = msgspec.json.Decoder(Evaluations).decode
read_check = msgspec.json.Decoder(CheckQuestion).decode


def with_defaults(asked: Evaluations) -> list[Evaluation]:
    """Return each evaluation whole; one that lacks a member without a default is not usual."""
    found = []
    for one in asked.evaluations:
        subject = asked.subject if one.subject is UNSET else one.subject
        action = asked.action if one.action is UNSET else one.action
        resource = asked.resource if one.resource is UNSET else one.resource
        context = asked.context if one.context is UNSET else one.context
        if subject is UNSET or action is UNSET or resource is UNSET:
            raise msgspec.ValidationError("An evaluation lacks a member.")
        found.append(
            Evaluation(subject, action, resource, Circumstances() if context is UNSET else context)
        )
    return found
