"""Permission as part of the query: what of the registry an actor may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from governance.core.actors import Actor

if TYPE_CHECKING:
    from governance.registry.models import DataFlow, Feature, Hold, ModelVersion, System

    SystemBase = models.QuerySet[System]
    VersionBase = models.QuerySet[ModelVersion]
    FeatureBase = models.QuerySet[Feature]
    FlowBase = models.QuerySet[DataFlow]
    HoldBase = models.QuerySet[Hold]
else:
    SystemBase = VersionBase = FeatureBase = FlowBase = HoldBase = models.QuerySet


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


class SystemQuerySet(SystemBase):
    def for_actor(self, actor: Actor) -> Self:
        return self.filter(visible(actor, "key"))


class VersionQuerySet(VersionBase):
    def for_actor(self, actor: Actor) -> Self:
        return self.filter(visible(actor, "system__key"))


class FlowQuerySet(FlowBase):
    def for_actor(self, actor: Actor) -> Self:
        return self.filter(visible(actor, "system__key"))


class FeatureQuerySet(FeatureBase):
    def for_actor(self, actor: Actor) -> Self:
        """Features of visible systems: through the system itself or through its versions."""
        seen = visible(actor, "systems__key", "versions__system__key")
        return self.filter(pk__in=self.model._default_manager.filter(seen).values("pk"))


class HoldQuerySet(HoldBase):
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
