"""An Idempotency-Key on bodies beyond what Django keeps in memory: hashed as they are read."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import IO, Any, cast

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory
from rest_framework.request import Request
from rest_framework.response import Response

from audits.api.batches import RawBody
from governance.core.api.idempotency import CHUNK
from governance.outbox.models import EventRow
from tests.core.test_api_doors import Events, many

pytestmark = pytest.mark.django_db

LARGE: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 500_000


class Uploads(Events):
    """The doors that every view shares, before a parser that streams."""

    parser_classes = (RawBody,)

    def create(self, request: Request) -> Response:
        with cast("IO[bytes]", request.data) as file:
            name = f"{Path(file.name).stat().st_size} bytes"
        EventRow.objects.create(name=name)
        return Response({"name": name}, status=201)


uploads = Uploads.as_view({"post": "create"})


class Wire(io.BytesIO):
    """What a server hands over; remembers the most that was asked of it in one go."""

    largest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        self.largest = max(self.largest, len(found))
        return found


def send(body: bytes, view: Any = uploads) -> tuple[Any, Wire]:
    made = RequestFactory().post("/events/", headers={"X-Actor": "ada", "Idempotency-Key": "k1"})
    told = Wire(body)
    kind = "application/json" if view is many else "application/octet-stream"
    environ = {
        **made.environ,
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": kind,
        "wsgi.input": told,
    }
    return view(WSGIRequest(environ)).render(), told


def test_a_large_upload_sent_again_gets_the_first_answer_and_acts_once() -> None:
    first, _ = send(b"a" * LARGE)
    again, _ = send(b"a" * LARGE)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again["Idempotency-Replayed"] == "true"
    assert again.content == first.content
    assert EventRow.objects.get().name == f"{LARGE} bytes"


def test_a_repetition_is_compared_without_holding_it_in_memory() -> None:
    send(b"a" * LARGE)
    again, wire = send(b"a" * LARGE)
    assert again["Idempotency-Replayed"] == "true"
    assert (wire.tell(), wire.largest) == (LARGE, CHUNK)


def test_another_large_upload_with_a_used_key_is_refused() -> None:
    send(b"a" * LARGE)
    other, _ = send(b"a" * (LARGE - 1) + b"b")
    assert other.status_code == 422
    assert "another request" in json.loads(other.content)["detail"]
    assert EventRow.objects.count() == 1


def test_what_has_to_stand_in_memory_whole_is_refused_in_one_sentence() -> None:
    answer, _ = send(json.dumps({"name": "a" * LARGE}).encode(), many)
    assert answer.status_code == 413
    assert json.loads(answer.content)["detail"] == (
        "This body may hold 2.6 MB at most: send smaller parts."
    )
    assert not EventRow.objects.exists()
