"""Core's background work: applying every room's retention rules."""

from __future__ import annotations

import logging

from celery import shared_task

from governance.core.clock import database_now
from governance.core.ports import registered_retention_rules

logger = logging.getLogger(__name__)


def apply_retention() -> dict[str, int]:
    """Apply every rule; one that fails is told of and holds up no other.

    Raises at the end when any failed, so that the task is seen to have failed.
    """
    now = database_now()
    removed: dict[str, int] = {}
    failed: list[str] = []
    for rule in registered_retention_rules():
        try:
            removed[rule.model] = rule.apply(now)
        except Exception:
            logger.exception("The retention rule of %s failed.", rule.model)
            failed.append(rule.model)
    if failed:
        raise RuntimeError(f"Retention failed for {', '.join(failed)}.")
    return removed


@shared_task(name="core.retention", ignore_result=True)  # type: ignore[untyped-decorator]
def retention(payload: dict[str, object] | None = None) -> None:
    """The beat's daily tick."""
    for model, count in apply_retention().items():
        if count:
            logger.info("Retention removed %d rows of %s.", count, model)
