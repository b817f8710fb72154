"""The stage of the front's tests: committed people, a table kept by a real applier, both paths."""

from __future__ import annotations

import io
import json
import random
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from consent.fastpath.applier import Applier
from consent.fastpath.front import Front
from consent.fastpath.journal import folder_of
from consent.fastpath.serving import Serving
from consent.fastpath.table import SharedTable
from consent.slowpath.database import Database, parameters_from_settings
from consent.slowpath.wsgi import DecisionDoors, keys_from_settings
from tests.consent.conftest import STAGE, make_carousel, make_key, not_ours

PURPOSES = ("ads", "product_suggestions", "pricing")
#: Changes with every answer: how fresh it is, and the sealed address of a stream.
_FLEETING = re.compile(rb'"asOf":"[^"]*"|"url":"[^"]*"')


@dataclass(frozen=True)
class Sent:
    """What a door sent, as a server would put it on the wire."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def told(self) -> Any:
        return json.loads(self.body)

    def but_for_the_moment(self) -> Sent:
        """The same without what differs from moment to moment; those parts keep their length."""
        return Sent(self.status, self.headers, _FLEETING.sub(b'"fleeting":""', self.body))


class Stage:
    """One host: its applier, its front and the slow path behind it."""

    def __init__(self, folder: Path) -> None:
        connection = psycopg.connect(**parameters_from_settings(), autocommit=True)
        self.applier = Applier(connection, folder_of(folder), name="tests")
        self.doors = DecisionDoors(not_ours, database=Database(parameters_from_settings))
        table = SharedTable.open(folder_of(folder))
        self.table = table
        self.front = Front(self.doors, Serving(lambda: table, keys_from_settings))
        self.secret = ""

    def close(self) -> None:
        self.applier.close()
        self.applier.connection.close()
        self.doors.database.close_all()

    def settle(self) -> None:
        """Let the applier catch up, so that the table answers."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            vouched = self.applier.cycle() and self.table.stamp_is_valid()
            if vouched and not self.applier.control.entries():
                break
            time.sleep(0.005)
        self.front.serving.current()

    def send(self, application: Any, path: str, body: Any, **headers: str) -> Sent:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        environ: dict[str, Any] = {
            "REQUEST_METHOD": headers.pop("method", "POST"),
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "CONTENT_TYPE": headers.pop("content_type", "application/json"),
            "CONTENT_LENGTH": str(len(sent)),
            "wsgi.input": io.BytesIO(sent),
            "HTTP_AUTHORIZATION": f"Bearer {headers.pop('secret', self.secret)}",
            **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        }
        seen: list[Any] = []
        text = b"".join(application(environ, lambda status, sent: seen.extend((status, sent))))
        return Sent(seen[0], tuple(seen[1]), text)

    def both(self, path: str, body: Any, **headers: str) -> tuple[Sent, Sent, bool]:
        """Ask the front and the slow path; tells also whether the table itself answered."""
        fast, answered = self.fast(path, body, **headers)
        slow = self.send(self.doors, path, body, **headers)
        return fast.but_for_the_moment(), slow.but_for_the_moment(), answered

    def fast(self, path: str, body: Any, **headers: str) -> tuple[Sent, bool]:
        """Ask the front; a stamp that ran out on a busy machine meanwhile is no finding."""
        for _ in range(20):
            self.applier.cycle()
            before = self.slow_answers()
            told = self.send(self.front, path, body, **headers)
            answered = self.slow_answers() == before
            if answered or self.table.stamp_is_valid():
                break
        return told, answered

    def slow_answers(self) -> int:
        """How often the front handed on to the slow path."""
        return self.front.counts()["slow"]


def people_with_histories(count: int, seed: int) -> list[str]:
    """Commit people of every kind; return their names and one who is unknown."""
    from django.conf import settings

    from consent import services
    from consent.identity import pseudonym_of
    from consent.models import DataSubject

    chance = random.Random(seed)
    now = datetime.now(UTC)
    names = [f"{seed}-person-{number}" for number in range(count)]
    for name in names:
        for _ in range(chance.randrange(4)):
            status = chance.choice(("given", "given", "refused", "withdrawn", "objected"))
            ends = chance.choice((None, now + timedelta(days=chance.randrange(2, 400))))
            services.record_choice(
                subject=name,
                purpose=chance.choice(PURPOSES),
                status=status,
                region=chance.choice(("", "DE", "US", "DE-BY")),
                gpc=chance.choice((None, True, False)),
                expires_at=ends if status == "given" else None,
                actor=STAGE,
            )
        known = DataSubject.objects.filter(
            pseudonym=pseudonym_of(settings.KEYS.subject_pepper, name)
        )
        fate = chance.randrange(10)
        if fate == 0:
            services.restrict_subject(subject=name, actor=STAGE)
        elif fate == 1 and known.exists():
            services.erase_subject(pseudonym=known.get().pseudonym or "", actor=STAGE)
    return [*names, f"{seed}-nobody", "Zoë", "x" * 300]


def registry() -> None:
    """A served system, notices before and after some choices."""
    from consent import services

    make_carousel()
    texts = dict.fromkeys(("de", "en"), ("Notice", "Short.", "Long."))
    services.publish_notice(key="first", texts=texts, actor=STAGE)


__all__ = ["PURPOSES", "Sent", "Stage", "make_key", "people_with_histories", "registry"]
