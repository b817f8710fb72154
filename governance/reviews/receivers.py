"""What reviews do when the register changes: say once that an approval went stale.

The gate never waits for this; it compares hashes when it is asked.
"""

from __future__ import annotations

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.events import ApprovalStale, MaterialChange
from governance.outbox.services import emit, notify
from governance.outbox.subscriptions import subscribes
from governance.people.choices import Role
from governance.registry.choices import VersionState
from governance.registry.models import ModelVersion
from governance.reviews.content import changed_pieces, content_of, hash_of
from governance.reviews.gates import latest_approval
from governance.reviews.models import Approval


@subscribes(MaterialChange)
def on_material_change(event: MaterialChange, *, actor: Actor) -> None:
    """Tell once for each approval of the system that it no longer covers what is there."""
    versions = ModelVersion.objects.filter(
        system__key=event.system_key,
        state__in=[VersionState.APPROVED, VersionState.SERVING, VersionState.IN_REVIEW],
    ).select_related("system")
    for version in versions:
        approval = latest_approval(version)
        if approval is None or approval.stale_told_at is not None:
            continue
        content = content_of(version)
        if hash_of(content) == approval.content_hash:
            continue
        Approval.objects.filter(pk=approval.pk).update(stale_told_at=database_now())
        changed = changed_pieces(approval.content, content)
        emit(
            ApprovalStale(
                system_key=event.system_key,
                version_key=version.key,
                approval_id=str(approval.pk),
                changed=tuple(changed),
            )
        )


@subscribes(ApprovalStale)
def on_approval_stale(event: ApprovalStale, *, actor: Actor) -> None:
    """Tell the people who approve for this system what changed."""
    subject = f"{event.system_key}:{event.version_key}"
    notify(
        recipients=[
            f"role:{Role.PRODUCT_OWNER}@{event.system_key}",
            f"role:{Role.ETHICS_REVIEWER}@{event.system_key}",
        ],
        subject=f"The approval of {subject} is stale",
        body=f"Changed since the approval: {', '.join(event.changed)}. Review the change.",
        link=f"/systems/{event.system_key}/ship/{event.version_key}/",
    )
