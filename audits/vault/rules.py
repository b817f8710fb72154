"""What must hold before an attribute may be joined: one function, one sentence when it does not."""

from __future__ import annotations

from datetime import datetime

from audits.choices import AttributeKind, VaultPurpose
from audits.models import VaultAttribute


def why_not_usable(
    attribute: VaultAttribute,
    *,
    system_key: str,
    now: datetime,
    purpose: str = VaultPurpose.FAIRNESS_AUDIT,
) -> str | None:
    """Return the first reason why a plan of the system may not use the attribute, or None."""
    name = f"The vault's attribute {attribute.key!r}"
    if attribute.retired_at is not None:
        return f"{name} is retired: {attribute.retired_reason}"
    if attribute.expires_at <= now:
        return (
            f"{name} expired on {attribute.expires_at:%d %B %Y}: its basis has to be examined "
            "anew and its values loaded again before an audit may use it."
        )
    if purpose not in attribute.purposes:
        return (
            f"{name} is not held for {VaultPurpose(purpose).label.lower()}: "
            "a privacy lead would have to name that purpose for it."
        )
    if attribute.systems and system_key not in attribute.systems:
        return f"{name} may be used for {', '.join(attribute.systems)} only, not for {system_key}."
    if attribute.kind == AttributeKind.INFERRED and not attribute.inferred_allowed_by:
        return (
            f"{name} is inferred, and inferred attributes are off until a privacy lead allows "
            "this one with a reason."
        )
    return None
