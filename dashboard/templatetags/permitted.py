"""What the one who looks may do: steps and links are shown to those for whom they work.

Asks the permission table through the actor; the table itself lives in `governance.people`.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django import template
from django.urls import Resolver404, resolve

from governance.core.actors import Actor

register = template.Library()


@register.filter
def may(actor: Actor | None, action: str) -> bool:
    """`{% if actor|may:"incidents.report" %}`: whether the table allows the action."""
    return bool(actor and actor.may(action))


@register.filter
def may_open(actor: Actor | None, link: str) -> bool:
    """Whether the view behind a link is open to the actor: `{% if actor|may_open:url %}`."""
    if not actor:
        return False
    try:
        view = resolve(urlsplit(str(link)).path).func
    except Resolver404:
        return False
    action = getattr(view, "route_permission", "public")
    return action == "public" or actor.may(action)
