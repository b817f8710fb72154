"""The query set that shows an actor only the rows of the systems they may see."""

from __future__ import annotations

from typing import Self, TypeVar

from django.db import models

from governance.core.actors import Actor

Row_co = TypeVar("Row_co", bound=models.Model, covariant=True)


class SystemScoped(models.QuerySet[Row_co]):
    """Rows that belong to one system, reached by the lookup in `system_lookup`."""

    system_lookup = "system__key__in"

    def for_actor(self, actor: Actor) -> Self:
        if not actor.may("audits.view"):
            return self.none()
        if actor.system_keys is None:
            return self
        return self.filter(**{self.system_lookup: sorted(actor.system_keys)})


class PlanScoped(SystemScoped[Row_co]):
    system_lookup = "plan__system__key__in"


class RunScoped(SystemScoped[Row_co]):
    system_lookup = "run__plan__system__key__in"


class FindingScoped(SystemScoped[Row_co]):
    system_lookup = "finding__plan__system__key__in"
