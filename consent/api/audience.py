"""`consent/audience`: of a file of people, those who may be personalised, in the same format.

The answer begins only when the whole file was read and decided: a file that breaks off gets an
error and nobody is let through. How it is decided stands in `consent.audience`.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, ClassVar

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions
from rest_framework.request import Request

from consent.audience.access import readable_question
from consent.audience.files import MOST_ROWS, BadAudience, Format, TooManyRows, format_of_media
from consent.audience.filtering import Audience, Question, filter_audience
from consent.fastpath.serving import serving_of_process
from consent.slowpath.database import Database, Unavailable, parameters_from_settings
from consent.slowpath.wsgi import keys_from_settings
from governance.core.api.idempotency import IdempotentRequests
from governance.people.actors import request_actor

MOST_BYTES = 1024 * 1024 * 1024
_CHUNK = 1024 * 1024
#: One audience at a time: a second one would take the processor from the checks.
_busy = threading.Lock()
_database = Database(parameters_from_settings)


class TooLarge(exceptions.APIException):
    status_code = 413
    default_detail = (
        f"Send {MOST_BYTES // 2**20:,} MB and {MOST_ROWS:,} people at most; part the file."
    )


class Unreadable(exceptions.APIException):
    status_code = 400


class NotNow(exceptions.APIException):
    status_code = 503
    default_detail = "Consent cannot be read now; ask again, and treat nobody as consenting."


_FILE = {(str(each), str(each)): OpenApiTypes.BINARY for each in Format}


class ConsentAudience(IdempotentRequests):
    """Keep of a file of people those for whom a purpose or a system may personalise."""

    required_actions: ClassVar[dict[str, str]] = {"post": "consent.check"}
    idempotent = False  # it changes nothing, and its answer is too large to keep

    @extend_schema(
        parameters=[
            OpenApiParameter("purpose", str, description="Name either a purpose or a system."),
            OpenApiParameter("system", str),
            OpenApiParameter("region", str),
            OpenApiParameter("gpc", bool),
            OpenApiParameter("column", str, description="The column of the ids."),
            OpenApiParameter(
                "outcomes", bool, description="Keep everyone, with a column `outcome`."
            ),
        ],
        request={str(each): OpenApiTypes.BINARY for each in Format},
        responses={
            **{(200, str(each)): OpenApiTypes.BINARY for each in Format},
            400: OpenApiResponse(description="The file cannot be read."),
            413: OpenApiResponse(description="The file is too large."),
            415: OpenApiResponse(description="The format is none of the three."),
        },
    )
    def post(self, request: Request) -> StreamingHttpResponse:
        kind = format_of_media(request.content_type or "")
        if kind is None:
            known = ", ".join(Format)
            raise exceptions.UnsupportedMediaType(
                request.content_type or "", detail=f"Send one of {known}."
            )
        asked = request.query_params
        named = readable_question(
            purpose=asked.get("purpose"),
            system=asked.get("system"),
            actor=request_actor(request._request),
        )
        question = Question(
            *named,
            region=asked.get("region", "")[:10],
            gpc=_is_on(asked.get("gpc", "")) or request.headers.get("Sec-GPC") == "1",
        )
        if not _busy.acquire(blocking=False):
            raise exceptions.Throttled(wait=5)
        try:
            return self._answer(request, kind, question)
        finally:
            _busy.release()

    def _answer(self, request: Request, kind: Format, question: Question) -> StreamingHttpResponse:
        asked = request.query_params
        audience = Audience(question, serving_of_process(), _database, keys_from_settings())
        told = tempfile.TemporaryFile()  # noqa: SIM115  (it is closed when the answer was sent)
        try:
            with tempfile.NamedTemporaryFile() as source:
                _receive(request, source)
                counts = filter_audience(
                    Path(source.name),
                    told,
                    kind=kind,
                    audience=audience,
                    column=asked.get("column", ""),
                    outcomes=_is_on(asked.get("outcomes", "")),
                )
        except BadAudience as error:
            told.close()
            raise Unreadable(str(error)) from error
        except TooManyRows as error:
            told.close()
            raise TooLarge from error
        except Unavailable as error:
            told.close()
            raise NotNow from error
        length = told.tell()
        told.seek(0)
        answer = StreamingHttpResponse(_chunks(told), content_type=str(kind))
        answer["Content-Length"] = str(length)
        answer["Cache-Control"] = "no-store"
        answer["Tactful-Asked"] = str(counts.asked)
        answer["Tactful-Allowed"] = str(counts.allowed)
        answer["Tactful-Skipped"] = str(counts.skipped)
        return answer


def _is_on(value: str) -> bool:
    return value.lower() in ("1", "true", "yes")


def _receive(request: Request, target: IO[bytes]) -> None:
    """Store the body; one that is too large is refused before it fills the disk."""
    stated = request.META.get("CONTENT_LENGTH") or "0"
    if stated.isdigit() and int(stated) > MOST_BYTES:
        raise TooLarge
    stored = 0
    while chunk := request._request.read(_CHUNK):
        stored += len(chunk)
        if stored > MOST_BYTES:
            raise TooLarge
        target.write(chunk)
    target.flush()


def _chunks(told: IO[bytes]) -> Iterator[bytes]:
    with told:
        while chunk := told.read(_CHUNK):
            yield chunk
