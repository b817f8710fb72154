"""Promises of trying again: two ladders, one order a subject, one outcome for whoever waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now
from hypothesis import given
from hypothesis import strategies as st

from governance.core.actors import SystemActor
from governance.core.errors import Conflict
from governance.core.events import WebhookDelivered, WebhookGivenUp
from governance.outbox.models import EventRow
from governance.outbox.webhooks import claiming, ladders, sending, services
from governance.outbox.webhooks.claiming import Outcome
from governance.outbox.webhooks.models import (
    EndpointState,
    MessageState,
    WebhookEndpoint,
    WebhookMessage,
)
from tests.outbox.receiving import receiving

pytestmark = pytest.mark.django_db
STAGE = SystemActor("tests")
REFUSED = Outcome(500, "The server answered 500.")


@pytest.fixture(autouse=True)
def private(settings: Any) -> None:
    settings.WEBHOOK_PRIVATE = True


def endpoint_at(url: str = "http://127.0.0.1:9/", name: str = "partner") -> WebhookEndpoint:
    return services.register_endpoint(name=name, url=url, actor=STAGE)[0]


def order(endpoint: WebhookEndpoint, **more: Any) -> WebhookMessage:
    told = {"event_type": "tactful.hold.placed", "subject": "system/shop", "data": {}, **more}
    return services.send_to(endpoint=endpoint, **told)


def due_now() -> None:
    WebhookMessage.objects.update(next_attempt_at=Now())
    WebhookEndpoint.objects.update(retry_at=None, busy_until=None)


def fail_once(message: WebhookMessage) -> timedelta | None:
    """Let the next attempt fail; return the wait after it, None when the message was given up."""
    due_now()
    (taken,) = claiming.take_due(1)
    assert taken.pk == message.pk
    claiming.note_outcome(taken, REFUSED)
    message.refresh_from_db()
    if message.state != MessageState.PENDING:
        return None
    assert message.last_attempt_at is not None
    return message.next_attempt_at - message.last_attempt_at


def news() -> list[tuple[str, dict[str, Any]]]:
    names = [WebhookDelivered.__name__, WebhookGivenUp.__name__]
    return [(row.name, row.payload) for row in EventRow.objects.filter(name__in=names)]


# --- the ladders themselves ---


def test_the_ordinary_ladder_is_the_one_of_standard_webhooks() -> None:
    waits = [ladders.wait_after(rung, urgent=False, draw=0.5) for rung in range(9)]
    hours = timedelta(hours=1)
    assert waits[:3] == [timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30)]
    assert waits[3:] == [2 * hours, 5 * hours, 10 * hours, 14 * hours, 20 * hours, 24 * hours]
    assert ladders.wait_after(9, urgent=False, draw=0.5) is None


def test_the_urgent_ladder_doubles_to_a_minute_and_lasts_a_quarter_of_an_hour() -> None:
    assert ladders.URGENT[:7] == (1, 2, 4, 8, 16, 32, 60)
    assert set(ladders.URGENT[6:]) == {60}
    assert sum(ladders.URGENT) == pytest.approx(15 * 60, abs=60)
    assert ladders.wait_after(len(ladders.URGENT), urgent=True, draw=0.5) is None


@given(st.integers(0, 8), st.booleans(), st.floats(0, 1, exclude_max=True))
def test_waits_are_spread_and_stay_near_their_rung(rung: int, urgent: bool, draw: float) -> None:
    wait = ladders.wait_after(rung, urgent=urgent, draw=draw)
    middle = ladders.wait_after(rung, urgent=urgent, draw=0.5)
    assert wait is not None and middle is not None
    assert 0.9 * middle <= wait <= 1.1 * middle
    assert (wait < middle) == (draw < 0.5) or abs(wait - middle) < timedelta(milliseconds=1)


# --- the ladders on messages ---


def test_an_ordinary_message_climbs_its_ladder_and_is_given_up_and_can_be_sent_again() -> None:
    with receiving() as receiver:
        message = order(endpoint_at(receiver.url))
        for rung, seconds in enumerate(ladders.ORDINARY):
            wait = fail_once(message)
            assert wait is not None, rung
            assert wait.total_seconds() == pytest.approx(seconds, rel=0.11)
            assert sending.deliver_due() == 0, "not before its time"
        assert fail_once(message) is None
        assert (message.state, message.last_status) == (MessageState.FAILED, 500)
        services.replay_message(message=message, actor=STAGE)
        due_now()
        assert sending.deliver_due() == 1
    message.refresh_from_db()
    assert message.state == MessageState.DELIVERED
    assert receiver.got[0].headers["webhook-id"] == str(message.pk)
    assert message.attempts == len(ladders.ORDINARY) + 2, "the fence never goes back"


def test_an_awaited_urgent_message_is_given_up_after_its_ladder_and_says_so_once() -> None:
    message = order(endpoint_at(), urgent=True, idempotency_key="incident 7, step 3")
    for seconds in ladders.URGENT:
        wait = fail_once(message)
        assert wait is not None and wait.total_seconds() == pytest.approx(seconds, rel=0.11)
        assert news() == []
    assert fail_once(message) is None
    ((name, told),) = news()
    assert name == "WebhookGivenUp"
    assert told["message_id"] == str(message.pk) and told["status"] == 500
    assert told["idempotency_key"] == "incident 7, step 3"
    assert told["sentence"] == "The server answered 500."


def test_urgent_news_that_nobody_waits_for_go_on_at_the_ordinary_pace() -> None:
    message = order(endpoint_at(), urgent=True)
    for _ in ladders.URGENT:
        fail_once(message)
    assert WebhookMessage.objects.get().urgent
    wait = fail_once(message)
    assert wait is not None and wait.total_seconds() == pytest.approx(5, rel=0.11)
    assert not WebhookMessage.objects.get().urgent
    wait = fail_once(message)
    assert wait is not None and wait.total_seconds() == pytest.approx(300, rel=0.11)
    assert news() == []


def test_a_failure_is_tried_again_under_the_same_id_until_it_arrives() -> None:
    with receiving(500, 503, 204) as receiver:
        message = order(endpoint_at(receiver.url), idempotency_key="k")
        for _ in range(3):
            due_now()
            assert sending.deliver_due() == 1
    message.refresh_from_db()
    assert (message.state, message.last_status) == (MessageState.DELIVERED, 204)
    assert {got.headers["webhook-id"] for got in receiver.got} == {str(message.pk)}
    ((name, told),) = news()
    assert (name, told["attempts"], told["status"]) == ("WebhookDelivered", 3, 204)


# --- send_to ---


def test_the_same_key_is_the_same_message_and_leaves_once() -> None:
    with receiving() as receiver:
        endpoint = endpoint_at(receiver.url)
        first = order(endpoint, idempotency_key="k")
        assert order(endpoint, idempotency_key="k").pk == first.pk
        sending.deliver_due()
        assert order(endpoint, idempotency_key="k").pk == first.pk, "also after it arrived"
        assert sending.deliver_due() == 0
        assert order(endpoint, idempotency_key="another").pk != first.pk
    assert len(receiver.got) == 1


def test_an_endpoint_is_told_what_is_sent_to_it_whatever_it_wants() -> None:
    with receiving() as receiver:
        endpoint, _ = services.register_endpoint(
            name="picky", url=receiver.url, event_types=["tactful.incident.opened"], actor=STAGE
        )
        order(endpoint)
        assert sending.deliver_due() == 1


@pytest.mark.parametrize("state", [EndpointState.PAUSED, EndpointState.GONE])
def test_whoever_waits_learns_at_once_that_an_endpoint_is_not_told(state: str) -> None:
    endpoint = endpoint_at()
    awaited = order(endpoint, idempotency_key="k", subject="a")
    news_only = order(endpoint, subject="b")
    WebhookEndpoint.objects.update(state=state)
    sending.deliver_due()
    awaited.refresh_from_db()
    news_only.refresh_from_db()
    assert awaited.state == MessageState.FAILED
    assert [name for name, _ in news()] == ["WebhookGivenUp"]
    waits = state == EndpointState.PAUSED
    assert news_only.state == (MessageState.PENDING if waits else MessageState.FAILED)


def test_gone_ends_everything_that_waits_and_nothing_is_queued_any_more() -> None:
    with receiving(410) as receiver:
        endpoint = endpoint_at(receiver.url)
        for subject in ("a", "b"):
            order(endpoint, subject=subject, idempotency_key=subject)
        sending.deliver_due()
    endpoint.refresh_from_db()
    assert endpoint.state == EndpointState.GONE and len(receiver.got) == 1
    assert len(news()) == 2
    assert services.queue_for_all(event_type="tactful.hold.placed", data={}) == 0


# --- order, and leaving a failing server alone ---


def arrived(receiver: Any) -> list[str]:
    ids = [got.headers["webhook-id"] for got in receiver.got]
    keys = {str(one.pk): one.idempotency_key for one in WebhookMessage.objects.all()}
    return [keys[one] for one in ids]


def test_urgent_messages_overtake_ordinary_ones_and_each_kind_keeps_its_order() -> None:
    with receiving() as receiver:
        endpoint = endpoint_at(receiver.url)
        for key, urgent in (("o1", False), ("o2", False), ("u1", True), ("u2", True)):
            order(endpoint, idempotency_key=key, subject=key, urgent=urgent)
        sending.deliver_due()
    assert arrived(receiver) == ["u1", "u2", "o1", "o2"]


def test_a_later_message_about_the_same_subject_waits_for_the_earlier_one() -> None:
    with receiving(500, 200) as receiver:
        endpoint = endpoint_at(receiver.url)
        order(endpoint, idempotency_key="placed", urgent=True)
        sending.deliver_due()
        order(endpoint, idempotency_key="released", urgent=True)
        order(endpoint, idempotency_key="other", subject="system/ads", urgent=True)
        sending.deliver_due()
        assert arrived(receiver) == ["placed", "other"]
        due_now()
        sending.deliver_due()
    assert arrived(receiver) == ["placed", "other", "placed", "released"]


def test_a_message_given_up_by_hand_lets_the_next_one_pass() -> None:
    with receiving(500, 200) as receiver:
        endpoint = endpoint_at(receiver.url)
        first = order(endpoint, idempotency_key="first")
        sending.deliver_due()
        order(endpoint, idempotency_key="second")
        assert services.give_up_message(message=first, actor=STAGE).state == MessageState.FAILED
        with pytest.raises(Conflict):
            services.give_up_message(message=first, actor=STAGE)
        WebhookEndpoint.objects.update(retry_at=None)
        sending.deliver_due()
    assert arrived(receiver) == ["first", "second"]


def test_a_server_that_fails_is_left_alone_by_ordinary_messages_and_not_by_urgent_ones() -> None:
    with receiving(503) as receiver:
        endpoint = endpoint_at(receiver.url)
        for subject in ("a", "b", "c"):
            order(endpoint, subject=subject)
        assert sending.deliver_due() == 1
        endpoint.refresh_from_db()
        assert endpoint.failures == 1
        WebhookEndpoint.objects.update(retry_at=Now() + timedelta(minutes=1))
        assert sending.deliver_due() == 0
        order(endpoint, subject="d", urgent=True)
        assert sending.deliver_due() == 1
        receiver.answers = [200]
        assert services.retry_endpoint(endpoint=endpoint, actor=STAGE) == 4
        assert sending.deliver_due() == 4
    endpoint.refresh_from_db()
    assert endpoint.failures == 0 and endpoint.retry_at is None


def test_the_pause_of_a_failing_endpoint_doubles_to_a_minute() -> None:
    pauses = [ladders.pause_after(failures).total_seconds() for failures in range(1, 9)]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_message_that_a_living_server_refuses_stops_no_other() -> None:
    with receiving(422, 200) as receiver:
        endpoint = endpoint_at(receiver.url)
        for subject in ("refused", "fine"):
            order(endpoint, subject=subject, idempotency_key=subject)
        sending.deliver_due()
        endpoint.refresh_from_db()
        assert endpoint.failures == 0
        sending.deliver_due()
    assert arrived(receiver) == ["refused", "fine"]


def test_a_waiting_message_is_tried_now_when_somebody_says_so() -> None:
    with receiving(500, 200) as receiver:
        message = order(endpoint_at(receiver.url))
        sending.deliver_due()
        WebhookMessage.objects.update(next_attempt_at=F("next_attempt_at") + timedelta(hours=1))
        assert sending.deliver_due() == 0
        services.retry_message(message=message, actor=STAGE)
        assert sending.deliver_due() == 1
        with pytest.raises(Conflict, match="waits no longer"):
            services.retry_message(message=message, actor=STAGE)
