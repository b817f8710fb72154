"""What the search field finds in the registry: systems and features the actor may see."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from governance.core.actors import Actor
from governance.core.ports import SearchHit
from governance.registry.models import Feature, System


class RegistrySearch:
    label = "registry"

    def search(self, actor: Actor, query: str, limit: int) -> Sequence[SearchHit]:
        named = Q(key__icontains=query) | Q(title__icontains=query)
        systems = System.objects.for_actor(actor).filter(named)[:limit]
        hits = [SearchHit(one.title, f"/systems/{one.key}/", "System", one.key) for one in systems]
        features = Feature.objects.for_actor(actor).filter(named)[:limit]
        hits += [
            SearchHit(one.title, f"/register/features/{one.key}/", "Feature", one.key)
            for one in features
        ]
        return hits[:limit]
