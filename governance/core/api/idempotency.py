"""Idempotency-Key: a request that is sent again gets its first answer and acts only once.

The answer is stored in the transaction of the effect, so that both stand or neither. A refused or
failed request stores nothing and may be sent again. The same key with another request is 422, a
request that is still being carried out is 409. Bodies are hashed while they are read, so that an
upload of any size needs no memory for it.
"""

from __future__ import annotations

import hashlib
import io
from typing import IO, Any, BinaryIO, cast

from django.db import connection, transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.core.errors import Conflict, Invalid
from governance.core.models import IdempotencyRecord
from governance.core.web.access import actor_of

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
KEPT_HEADERS = ("Content-Type", "Location", "ETag")
LONGEST_KEY = 255
CHUNK = 1 << 16


class Replay(Exception):
    """Not an error: the answer to this request is already known."""

    def __init__(self, record: IdempotencyRecord) -> None:
        super().__init__(record.key)
        self.record = record


class StoredResponse(Response):
    """An answer as it was first given, byte for byte."""

    def __init__(self, record: IdempotencyRecord) -> None:
        super().__init__(status=record.status)
        self._stored = bytes(record.body)
        for name, value in record.headers.items():
            self.headers[name] = value
        self.headers["Idempotency-Replayed"] = "true"

    @property
    def rendered_content(self) -> str:
        # Django takes bytes as they are; its annotation knows text alone.
        return cast("str", self._stored)


class HashedBody:
    """A request's body as a stream that remembers the hash of what was read from it."""

    def __init__(self, stream: IO[bytes], told: bytes) -> None:
        self._stream = stream
        self._hash = hashlib.sha256(told)
        self._open = True

    def read(self, size: int = -1) -> bytes:
        return self._note(self._stream.read(size))

    def readline(self, size: int = -1) -> bytes:
        return self._note(self._stream.readline(size))

    def close(self) -> None:
        self._open = False
        self._stream.close()

    def _note(self, read: bytes) -> bytes:
        self._hash.update(read)
        return read

    def fingerprint(self) -> str:
        """The hash of all of it; what nobody has read is read now."""
        while self._open and self.read(CHUNK):
            pass
        return self._hash.hexdigest()


def hash_while_reading(request: HttpRequest) -> HashedBody | None:
    """Begin the hash of what makes two requests the same: method, address, kind and body.

    None when part of the body is gone already, read by somebody who did not keep it.
    """
    told = f"{request.method}\n{request.get_full_path()}\n{request.content_type}\n".encode()
    if hasattr(request, "_body"):  # read whole before the view: it is in memory already
        return HashedBody(io.BytesIO(request.body), told)
    if request._read_started:  # type: ignore[attr-defined]
        return None
    body = HashedBody(request._stream, told)
    request._stream = cast("BinaryIO", body)  # Django reads a request through it, and nothing else
    return body


def claim(actor_reference: str, key: str) -> bool:
    """Take a key until the transaction ends; False when another request holds it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 1))",
            [f"{actor_reference} {key}"],
        )
        (taken,) = cursor.fetchone()
    return bool(taken)


class IdempotentRequests(APIView):
    """Honour Idempotency-Key on every unsafe method of a view; `idempotent = False` opts out."""

    idempotent = True
    _key: str = ""
    _body: HashedBody | None = None
    _actor_reference: str = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        key = request.headers.get("Idempotency-Key", "")
        if not key or not self.idempotent or request.method in SAFE_METHODS:
            return super().dispatch(request, *args, **kwargs)
        self._key = key
        self._body = hash_while_reading(request)
        with transaction.atomic():
            response = super().dispatch(request, *args, **kwargs)
            if response.status_code >= 400:
                transaction.set_rollback(True)
            elif self._body is not None and not isinstance(response, StoredResponse):
                self._store(response, self._body.fingerprint())
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # who asks, and may they
        if not self._key:
            return
        if len(self._key) > LONGEST_KEY:
            raise Invalid(f"Idempotency-Key has at most {LONGEST_KEY} signs.")
        if self._body is None:
            raise Invalid("This request cannot be told from another: send it without the key.")
        actor = actor_of(request)
        self._actor_reference = actor.reference if actor else "anonymous"
        if not claim(self._actor_reference, self._key):
            raise Conflict("A request with this Idempotency-Key is being carried out; ask again.")
        record = IdempotencyRecord.objects.filter(
            actor_reference=self._actor_reference, key=self._key
        ).first()
        if record is None:
            return
        if record.fingerprint != self._body.fingerprint():
            raise Invalid("This Idempotency-Key was used for another request; take a new one.")
        raise Replay(record)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Replay):
            return StoredResponse(exc.record)
        return super().handle_exception(exc)

    def _store(self, response: HttpResponseBase, fingerprint: str) -> None:
        if not isinstance(response, Response):
            return  # a stream cannot be kept; its view makes itself idempotent
        response.render()
        IdempotencyRecord.objects.create(
            actor_reference=self._actor_reference,
            key=self._key,
            fingerprint=fingerprint,
            status=response.status_code,
            headers={
                name: response.headers[name] for name in KEPT_HEADERS if name in response.headers
            },
            body=response.content,
        )
