"""Whose work a review covers: those who made the parts that are new since the last approval."""

from __future__ import annotations

from typing import Any

from governance.registry.models import DataFlow, Feature, ModelVersion, Purpose, Surface
from governance.reviews.choices import ApprovalState
from governance.reviews.content import changed_pieces
from governance.reviews.models import Approval


def authors_of(approval: Approval) -> set[str]:
    """Actor references of the authors; they may not sign.

    A first approval covers the version and its features as somebody's work; a later one, every
    piece that changed since the approval before it.
    """
    version = approval.version
    before = (
        Approval.objects.filter(version=version, state=ApprovalState.APPROVED)
        .exclude(pk=approval.pk)
        .order_by("-decided_at")
        .first()
    )
    if before is None:
        features = version.features.values_list("changed_by", flat=True)
        return {version.registered_by, version.changed_by, *features}
    changed = changed_pieces(before.content, approval.content)
    return {author for name in changed if (author := _author(version, name))}


def _author(version: ModelVersion, piece: str) -> str | None:
    kind, _, key = piece.partition(" ")
    if kind == "system":
        return version.system.changed_by
    if kind == "version":
        return version.changed_by
    tables: dict[str, Any] = {
        "feature": Feature,
        "surface": Surface,
        "purpose": Purpose,
        "flow": DataFlow,
    }
    found = tables[kind].objects.filter(key=key).values_list("changed_by", flat=True)
    author: str | None = found.first()
    return author
