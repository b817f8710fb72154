"""The doors every API view shares: idempotency, preconditions, problems, pages."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import pytest
from django.db import connection, connections, transaction
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import path
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response

from governance.core.actors import SystemActor
from governance.core.api.permissions import HasRequiredAction
from governance.core.api.viewsets import BaseViewSet
from governance.core.errors import Conflict
from governance.core.models import IdempotencyRecord
from governance.outbox.models import EventRow

pytestmark = pytest.mark.django_db


class Header(BaseAuthentication):
    """Names the actor in a header; how people really sign in is tested in their room."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        name = request.headers.get("X-Actor")
        if not name:
            return None
        request._request.actor = SystemActor(name)  # type: ignore[attr-defined]
        return object(), None

    def authenticate_header(self, request: Request) -> str:
        return "X-Actor"


class EventSerializer(serializers.ModelSerializer[EventRow]):
    class Meta:
        model = EventRow
        fields = ("id", "name", "payload")


class Events(BaseViewSet):
    """A real table and real writes behind the shared doors."""

    authentication_classes = (Header,)
    permission_classes = (HasRequiredAction,)
    queryset = EventRow.objects.all()
    serializer_class = EventSerializer
    required_actions: ClassVar[dict[str, str]] = dict.fromkeys(
        ("list", "create", "retrieve", "update"), "test"
    )
    inside: ClassVar[threading.Event | None] = None
    may_go_on: ClassVar[threading.Event | None] = None

    def list(self, request: Request) -> Response:
        rows = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    def create(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        row = EventRow.objects.create(**serializer.validated_data)
        if row.name == "refuse":
            raise Conflict("This one is refused.")
        if self.inside and self.may_go_on:
            self.inside.set()
            assert self.may_go_on.wait(20)
        return Response(self.get_serializer(row).data, status=201, headers={"Location": "/x"})

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @transaction.atomic
    def update(self, request: Request, pk: str) -> Response:
        row = self.locked_object()
        data: Any = request.data
        row.name = data["name"]
        row.save()
        return Response(self.get_serializer(row).data)

    def destroy(self, request: Request, pk: str) -> Response:
        raise AssertionError("an action that is not named is denied before it runs")


many = Events.as_view({"get": "list", "post": "create"})
one = Events.as_view({"get": "retrieve", "put": "update", "delete": "destroy"})
urlpatterns = [path("events/", many)]

make = RequestFactory()


def post(body: dict[str, Any], key: str = "", actor: str = "ada") -> Any:
    headers = {"X-Actor": actor, **({"Idempotency-Key": key} if key else {})}
    return many(
        make.post("/events/", json.dumps(body), content_type="application/json", headers=headers)
    ).render()


def request_one(method: str, row: EventRow, body: Any = None, **headers: str) -> Any:
    request: HttpRequest = make.generic(
        method,
        f"/events/{row.pk}/",
        json.dumps(body) if body else b"",
        content_type="application/json",
        headers={"X-Actor": "ada", **headers},
    )
    return one(request, pk=row.pk).render()


def test_the_same_request_again_gets_the_first_answer_and_acts_once() -> None:
    first = post({"name": "a"}, key="k1")
    again = post({"name": "a"}, key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Location"] == "/x"
    assert again["Content-Type"] == first["Content-Type"]
    assert again["Idempotency-Replayed"] == "true"
    assert EventRow.objects.count() == 1


def test_another_request_with_a_used_key_is_refused() -> None:
    post({"name": "a"}, key="k1")
    other = post({"name": "b"}, key="k1")
    assert other.status_code == 422
    assert "another request" in json.loads(other.content)["detail"]
    assert EventRow.objects.count() == 1


def test_a_key_belongs_to_the_one_who_sent_it() -> None:
    post({"name": "a"}, key="k1")
    assert post({"name": "b"}, key="k1", actor="eve").status_code == 201


def test_a_refused_request_leaves_nothing_and_may_be_sent_again() -> None:
    for _ in range(2):
        answer = post({"name": "refuse"}, key="k1")
        assert answer.status_code == 409
        assert "Idempotency-Replayed" not in answer
    assert not EventRow.objects.exists()
    assert not IdempotencyRecord.objects.exists()


def test_errors_are_problem_details() -> None:
    answer = post({"payload": {}})
    body = json.loads(answer.content)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert body["errors"] == [{"pointer": "#/name", "detail": "This field is required."}]
    assert body["title"] == "Invalid input"
    anonymous = many(make.get("/events/")).render()
    assert anonymous.status_code == 401
    assert anonymous["WWW-Authenticate"] == "X-Actor"


def test_an_action_that_is_not_named_is_denied() -> None:
    row = EventRow.objects.create(name="a")
    assert request_one("DELETE", row).status_code == 403


def test_a_change_needs_the_state_that_was_seen() -> None:
    row = EventRow.objects.create(name="a")
    seen = request_one("GET", row)["ETag"]
    assert request_one("GET", row, **{"If-None-Match": seen}).status_code == 304
    changed = request_one("PUT", row, {"name": "b"}, **{"If-Match": seen})
    assert changed.status_code == 200
    late = request_one("PUT", row, {"name": "c"}, **{"If-Match": seen})
    assert late.status_code == 412
    row.refresh_from_db()
    assert row.name == "b"
    assert changed["ETag"] == request_one("GET", row)["ETag"] != seen


def test_pages_are_complete_and_without_repeats_while_rows_are_added() -> None:
    for number in range(7):
        EventRow.objects.create(name=f"n{number}")
    seen: list[int] = []
    url = "/events/?limit=3"
    while url:
        body = json.loads(many(make.get(url, headers={"X-Actor": "ada"})).render().content)
        seen += [row["id"] for row in body["results"]]
        EventRow.objects.create(name="late")
        url = body["next"]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize("query", ["cursor=x", "cursor=WzEsMl0", "cursor=WyJ4Il0", "limit=0"])
def test_a_cursor_or_limit_that_is_not_ours_is_refused(query: str) -> None:
    answer = many(make.get(f"/events/?{query}", headers={"X-Actor": "ada"})).render()
    assert answer.status_code == 422


# --- the race, with real connections ---


def _in_own_connection(work: Any) -> Any:
    try:
        return work()
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_a_second_request_while_the_first_runs_is_told_to_wait() -> None:
    Events.inside, Events.may_go_on = threading.Event(), threading.Event()
    try:
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(_in_own_connection, lambda: post({"name": "a"}, key="k1"))
            assert Events.inside.wait(20)
            assert post({"name": "a"}, key="k1").status_code == 409
            Events.may_go_on.set()
            assert first.result(20).status_code == 201
    finally:
        Events.inside = Events.may_go_on = None
    assert post({"name": "a"}, key="k1")["Idempotency-Replayed"] == "true"
    assert EventRow.objects.count() == 1


ROUNDS, CLIENTS = 12, 4


def _burst(send: Any) -> int:
    """Send each of ROUNDS keys from CLIENTS connections at once; return how often it acted."""
    barrier = threading.Barrier(CLIENTS)

    def client() -> None:
        for number in range(ROUNDS):
            barrier.wait(30)
            send(f"k{number}")

    with ThreadPoolExecutor(CLIENTS) as pool:
        for running in [pool.submit(_in_own_connection, client) for _ in range(CLIENTS)]:
            running.result(60)
    return EventRow.objects.count()


@pytest.mark.django_db(transaction=True)
def test_a_burst_of_the_same_requests_acts_once_each() -> None:
    assert _burst(lambda key: post({"name": "a"}, key=key)) == ROUNDS


@pytest.mark.django_db(transaction=True)
def test_looking_before_acting_alone_would_act_twice() -> None:
    """The naive twin: no claim and no unique key, so that two requests both find nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE core_idempotencyrecord DROP CONSTRAINT core_idempotency_one_answer_per_key"
        )

    def naive(key: str) -> None:
        with transaction.atomic():
            if IdempotencyRecord.objects.filter(key=key).exists():
                return
            EventRow.objects.create(name="a")
            IdempotencyRecord.objects.create(
                actor_reference="a", key=key, fingerprint="", status=201, body=b""
            )

    assert _burst(naive) > ROUNDS
