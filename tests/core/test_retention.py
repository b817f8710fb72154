"""Retention: each rule removes what is past its time, and one that fails stops no other."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from consent.models import Recipient, RecipientNotice
from governance.core import ports
from governance.core.ports import DeleteAfter
from governance.core.tasks import apply_retention
from governance.outbox.models import Delivery, EventRow, OutboxTask
from governance.outbox.webhooks.models import WebhookEndpoint, WebhookMessage

pytestmark = pytest.mark.django_db


def test_done_things_past_their_time_go_and_open_ones_stay() -> None:
    long_ago = Now() - timedelta(days=40)
    for done in (None, long_ago):
        OutboxTask.objects.create(name="x", done_at=done, created_at=long_ago)
        event = EventRow.objects.create(name="x", created_at=long_ago)
        Delivery.objects.create(event=event, subscriber="x", done_at=done, created_at=long_ago)
    OutboxTask.objects.create(name="new", done_at=Now())
    removed = apply_retention()
    assert (removed["outbox.OutboxTask"], removed["outbox.Delivery"]) == (1, 1)
    assert removed["outbox.EventRow"] == 1
    assert OutboxTask.objects.count() == 2
    assert Delivery.objects.get().done_at is None


def test_rows_go_in_batches_until_none_is_left() -> None:
    for _ in range(7):
        EventRow.objects.create(name="x", created_at=Now() - timedelta(days=2))
    rule = DeleteAfter("outbox.EventRow", timedelta(days=1), "test", batch=3)
    assert rule.apply(datetime.now().astimezone()) == 7


def test_what_points_at_an_old_row_stays_and_points_nowhere() -> None:
    long_ago = Now() - timedelta(days=100)
    endpoint = WebhookEndpoint.objects.create(name="shop", url="https://shop.example", secret=b"x")
    message = WebhookMessage.objects.create(
        endpoint=endpoint, body="{}", state="delivered", done_at=long_ago, created_at=long_ago
    )
    shop = Recipient.objects.create(name="Shop", endpoint=endpoint)
    notice = RecipientNotice.objects.create(
        recipient=shop, kind="withdrawn", message=message, code_hash=b"x", confirm_by=Now()
    )
    assert apply_retention()["outbox.WebhookMessage"] == 1
    notice.refresh_from_db()
    assert notice.message_id is None and not WebhookMessage.objects.exists()


def test_a_failing_rule_is_seen_and_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        model, keep, reason = "core.Broken", timedelta(days=1), "test"

        def apply(self, now: datetime) -> int:
            raise ValueError("broken")

    rules: dict[str, Any] = {"core.Broken": Broken(), **ports._retention}
    monkeypatch.setattr(ports, "_retention", rules)
    OutboxTask.objects.create(name="x", done_at=Now(), created_at=Now() - timedelta(days=40))
    with pytest.raises(RuntimeError, match=r"core\.Broken"):
        apply_retention()
    assert not OutboxTask.objects.exists()
