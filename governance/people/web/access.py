"""The door of every web view, under this room's name; the rule itself lies in core."""

from governance.core.web.access import describe_actions, public_route, requires
from governance.people.permissions import UnknownActionError, find_action

__all__ = ["public_route", "requires"]


def _sentence_of(action: str) -> str:
    try:
        return find_action(action).sentence
    except UnknownActionError:
        return ""


describe_actions(_sentence_of)
