"""The room's background work: carrying an import on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task

from consent import services
from consent.recipients.services import publish_overdue
from governance.core.actors import SystemActor


@shared_task(name="consent.import", ignore_result=True)  # type: ignore[untyped-decorator]
def carry_on_import(payload: dict[str, Any]) -> None:
    """Run an import from where it stands; a second delivery goes on or finds it done."""
    for batch_id in payload["ids"]:
        services.run_import(batch_id=UUID(batch_id), actor=SystemActor("import"))


@shared_task(name="consent.recipients", ignore_result=True)  # type: ignore[untyped-decorator]
def look_at_recipients() -> None:
    """Publish how many recipients are late with their confirmation."""
    publish_overdue(actor=SystemActor("consent"))
