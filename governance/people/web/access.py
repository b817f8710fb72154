"""The door of every web view, under this room's name; the rule itself lies in core."""

from governance.core.web.access import public_route, requires

__all__ = ["public_route", "requires"]
