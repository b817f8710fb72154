"""Permission as part of the query: what of the registry an actor may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from governance.core.actors import Actor

if TYPE_CHECKING:  # the names stand in quotes below, where ruff does not see them
    from governance.registry.models import (  # noqa: F401
        DataFlow,
        Feature,
        Hold,
        ModelVersion,
        System,
    )


def visible(actor: Actor, *paths: str) -> Q:
    """A condition: a system whose key lies at one of the paths is visible to the actor."""
    if not actor.may("registry.view"):
        return Q(pk__in=[])
    if actor.system_keys is None:
        return Q()
    keys = sorted(actor.system_keys)
    condition = Q(pk__in=[])
    for path in paths:
        condition |= Q(**{f"{path}__in": keys})
    return condition


class SystemQuerySet(models.QuerySet["System"]):
    def for_actor(self, actor: Actor) -> Self:
        return self.filter(visible(actor, "key"))


class VersionQuerySet(models.QuerySet["ModelVersion"]):
    def for_actor(self, actor: Actor) -> Self:
        return self.filter(visible(actor, "system__key"))


class FlowQuerySet(models.QuerySet["DataFlow"]):
    def for_actor(self, actor: Actor) -> Self:
        return self.filter(visible(actor, "system__key"))


class FeatureQuerySet(models.QuerySet["Feature"]):
    def for_actor(self, actor: Actor) -> Self:
        """Features of visible systems: through the system itself or through its versions."""
        seen = visible(actor, "systems__key", "versions__system__key")
        return self.filter(pk__in=self.model._default_manager.filter(seen).values("pk"))


class HoldQuerySet(models.QuerySet["Hold"]):
    def active(self) -> Self:
        return self.filter(released_at=None)

    def for_actor(self, actor: Actor) -> Self:
        """Holds on visible systems, their versions, and on surfaces and purposes they use."""
        seen = visible(
            actor,
            "system__key",
            "version__system__key",
            "surface__systems__key",
            "purpose__systems__key",
            "purpose__surfaces__systems__key",
        )
        return self.filter(pk__in=self.model._default_manager.filter(seen).values("pk"))
