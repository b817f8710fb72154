"""Keyset pagination, newest first: a page costs the same at any depth and never skips a row."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, Q, QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from governance.core.errors import Invalid

M = TypeVar("M", bound=Model)
LARGEST_PAGE = 1_000


@dataclass(frozen=True)
class Page(Generic[M]):
    """One page of rows and the cursor of the next one (None on the last page)."""

    rows: list[M]
    next_cursor: str | None


def encode_cursor(values: Sequence[Any]) -> str:
    plain = [value.isoformat() if isinstance(value, datetime) else str(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, length: int) -> list[str]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    except (binascii.Error, UnicodeError, ValueError):
        values = None
    if not isinstance(values, list) or len(values) != length:
        raise Invalid("The cursor is not one of ours; start again without it.")
    return [str(value) for value in values]


def keyset_page(
    queryset: QuerySet[M],
    cursor: str | None = None,
    limit: int = 50,
    fields: Sequence[str] = ("id",),
) -> Page[M]:
    """Return the `limit` rows after `cursor`, newest first by `fields` (the last one unique)."""
    limit = max(1, min(limit, LARGEST_PAGE))
    if cursor:
        values = decode_cursor(cursor, len(fields))
        try:
            after = Q(pk__in=[])
            for depth, name in enumerate(fields):
                equal = {field: values[i] for i, field in enumerate(fields[:depth])}
                after |= Q(**equal, **{f"{name}__lt": values[depth]})
            queryset = queryset.filter(after)
        except (ValueError, TypeError):
            raise Invalid("The cursor is not one of ours; start again without it.") from None
        except Exception as problem:
            # Django raises its own ValidationError for malformed ids and dates.
            if type(problem).__name__ == "ValidationError":
                raise Invalid("The cursor is not one of ours; start again without it.") from None
            raise
    rows = list(queryset.order_by(*[f"-{name}" for name in fields])[: limit + 1])
    if len(rows) <= limit:
        return Page(rows, None)
    last = rows[limit - 1]
    return Page(rows[:limit], encode_cursor([getattr(last, name) for name in fields]))


class KeysetPagination(BasePagination):
    """`?cursor=&limit=`; a view may set `keyset_fields` (default: its UUIDv7 id)."""

    page_size = 50
    _page: Page[Any]
    _request: Request

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        raw = request.query_params.get("limit", str(self.page_size))
        # Digits are counted first: Python refuses to read numbers of thousands of them.
        few = raw.isdecimal() and len(raw) <= len(str(LARGEST_PAGE))
        if not few or not 1 <= int(raw) <= LARGEST_PAGE:
            raise Invalid(f"limit is a whole number from 1 to {LARGEST_PAGE}.")
        fields = getattr(view, "keyset_fields", ("id",))
        self._request = request
        self._page = keyset_page(
            queryset, request.query_params.get("cursor"), int(raw), fields=fields
        )
        return self._page.rows

    def next_link(self) -> str | None:
        if self._page.next_cursor is None:
            return None
        query = {**self._request.query_params.dict(), "cursor": self._page.next_cursor}
        return self._request.build_absolute_uri(f"{self._request.path}?{urlencode(query)}")

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "results": data,
                "next": self.next_link(),
                "next_cursor": self._page.next_cursor,
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next", "next_cursor"],
            "properties": {
                "results": schema,
                "next": {"type": "string", "format": "uri", "nullable": True},
                "next_cursor": {"type": "string", "nullable": True},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "cursor",
                "in": "query",
                "schema": {"type": "string"},
                "description": "next_cursor of the page before",
            },
            {
                "name": "limit",
                "in": "query",
                "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE},
                "description": "rows a page",
            },
        ]
