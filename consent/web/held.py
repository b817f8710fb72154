"""What is held about a person, on a page of theirs: every room's rows, to read or as a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.views.decorators.http import require_GET

from consent.selectors import people
from consent.web.opening import Visit, in_page_language, opened, visit_frame
from consent.web.preferences import as_file
from consent.web.texts import CODED, COMPLAINTS, FIELDS, STATUSES, VALUES, purpose_title
from governance.people.web.access import public_route
from governance.registry.models import Purpose

_NOTHING: tuple[Any, ...] = (None, "", [], {})


@public_route("opened with a signed subject token")
@require_GET
@in_page_language
def held(request: HttpRequest, language: str) -> HttpResponse:
    """Everything stored about the person, to read or as a file."""
    return opened(request, language, _show)


def _show(request: HttpRequest, visit: Visit) -> HttpResponse:
    subject = visit.own.subject
    pseudonym = subject.pseudonym if subject else None
    rooms = people.all_we_hold(pseudonym) if pseudonym else {}
    if "file" in request.GET:
        text = json.dumps(rooms, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False)
        return as_file(text, "application/json", "held-about-me.json")
    context = visit_frame(request, visit) | {"groups": list(_groups(rooms, visit))}
    return render(request, "consent/preferences_held.html", context)


def _groups(rooms: dict[str, list[dict[str, Any]]], visit: Visit) -> Iterator[dict[str, Any]]:
    """The rows by what they are, newest first as the rooms hand them out, in the reader's words."""
    purposes = {each.key: each for each in Purpose.objects.all()}
    for room, rows in rooms.items():
        for kind, found in groupby(rows, key=lambda row: row.get("kind", room)):
            shown = [list(_cells(row, purposes, visit.language)) for row in found]
            title, language = _name(str(kind), visit.language)
            count = visit.words["held_row" if len(shown) == 1 else "held_rows"]
            yield {
                "title": title,
                "language": language,
                "count": count.format(n=len(shown)),
                "rows": shown,
                "long": len(shown) > 3,
            }


def _cells(
    row: dict[str, Any], purposes: dict[str, Purpose], language: str
) -> Iterable[dict[str, Any]]:
    for name, value in row.items():
        if name == "kind" or value in _NOTHING:
            continue
        label, written = _name(name, language)
        yield {
            "label": label,
            "language": written,
            "value": _value(name, value, purposes, language),
        }


def _name(name: str, language: str) -> tuple[str, str]:
    """A field's name in words and the language they are in; what we cannot name stays as it is."""
    known = FIELDS[language].get(name)
    if known is not None:
        return known, language
    return name.replace("__", " ").replace("_", " ").capitalize(), "en"


def _value(name: str, value: Any, purposes: dict[str, Purpose], language: str) -> str:
    if name == "purpose__key" and value in purposes:
        return purpose_title(purposes[value], language)
    if name == "status":
        return STATUSES[language].get(value, str(value))
    if name == "about":
        return COMPLAINTS[language].get(value, str(value))
    if name in CODED:
        return VALUES[language].get(value, str(value))
    if isinstance(value, bool):
        return {"en": ("No", "Yes"), "de": ("Nein", "Ja")}[language][value]
    moment = value
    if isinstance(value, str) and value[:4].isdigit() and "T" in value:
        moment = parse_datetime(value) or value
    if isinstance(moment, datetime):
        return f"{date_format(moment, 'DATETIME_FORMAT')} UTC"
    return str(value)
