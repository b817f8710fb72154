"""The default permission of every API view, under this room's name; the rule lies in core."""

from governance.core.api.permissions import HasRequiredAction

__all__ = ["HasRequiredAction"]
