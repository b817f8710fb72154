"""The base of every API view: who acts, one transaction an unsafe request, tags and keys."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.exceptions import NotAuthenticated
from rest_framework.viewsets import GenericViewSet

from governance.core.actors import Actor
from governance.core.api.etags import EntityTags
from governance.core.api.idempotency import IdempotentRequests
from governance.core.web.access import actor_of


class BaseViewSet(IdempotentRequests, EntityTags, GenericViewSet[Any]):
    """Idempotency-Key, ETag and If-Match, keyset pages; an action not named here is denied.

    `required_actions` maps a viewset action ("list", "create", ...) to a permission key.
    """

    required_actions: ClassVar[dict[str, str]] = {}

    @property
    def actor(self) -> Actor:
        """The one who acts; services get exactly this."""
        actor = actor_of(self.request)
        if actor is None:
            raise NotAuthenticated
        return actor
