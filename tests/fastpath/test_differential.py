"""On random histories the table and PostgreSQL give the same decision, to the revision."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as configured
from django.db import connection

from consent.choices import AgeBand
from consent.decision.facts import ANONYMOUS, Catalogue, Circumstances, PersonFacts
from consent.decision.precedence import decide_purpose, decide_system
from consent.fastpath import layout
from consent.identity import pseudonym_of
from consent.models import DataSubject
from consent.services import erase_subject, publish_notice, record_choice, restrict_subject
from consent.slowpath.reading import read_catalogue, read_people
from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.core.errors import Conflict
from governance.registry.models import Hold, Purpose, System
from governance.registry.services import place_hold
from tests.consent.conftest import make_carousel
from tests.fastpath.conftest import HostTable, lookup

ACTOR = SystemActor("tests")
SUBJECTS = [f"person-{number}" for number in range(7)]
PURPOSES = ["product_suggestions", "ads", "ads_third_party", "pricing"]
REGIONS = ["", "DE", "US", "US-CA", "ZZ"]
STATUSES = ["given", "given", "refused", "withdrawn", "objected"]
TEXTS = dict.fromkeys(("en", "de"), ("Title", "Short.", "Long."))

pytestmark = pytest.mark.django_db(transaction=True)


class History:
    """Makes one random thing happen after the other."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.notices = [""]
        self.acts: list[Callable[[], None]] = [
            *[self.choose] * 12,
            *[self.publish] * 2,
            *[self.age] * 2,
            self.restrict,
            self.erase,
            self.hold,
            self.signal,
        ]

    def step(self) -> None:
        # A consent older than the last denial, or about somebody who was erased, is refused.
        with contextlib.suppress(Conflict):
            self.random.choice(self.acts)()

    def somebody(self) -> str:
        return self.random.choice(SUBJECTS)

    def choose(self) -> None:
        said = database_now() - timedelta(seconds=self.random.choice([0, 0, 1, 90_000, -200]))
        ends = self.random.choice([None, None, timedelta(days=1), timedelta(days=400)])
        record_choice(
            subject=self.somebody(),
            purpose=self.random.choice(PURPOSES),
            status=self.random.choice(STATUSES),
            region=self.random.choice([None, *REGIONS]),
            gpc=self.random.choice([None, True]),
            notice_version=self.random.choice(self.notices),
            occurred_at=said,
            expires_at=said + ends if ends else None,
            actor=ACTOR,
        )

    def publish(self) -> None:
        name = f"notice-{len(self.notices)}"
        material = self.random.random() < 0.5
        some = self.random.sample(PURPOSES, 3)
        purposes = list(Purpose.objects.filter(key__in=some))
        publish_notice(key=name, texts=TEXTS, material=material, purposes=purposes, actor=ACTOR)
        self.notices.append(name)

    def age(self) -> None:
        band = self.random.choice(AgeBand.values)
        DataSubject.objects.filter(lookup=lookup(self.somebody())).update(age_band=band)

    def restrict(self) -> None:
        restrict_subject(subject=self.somebody(), actor=ACTOR)

    def erase(self) -> None:
        name = pseudonym_of(configured.KEYS.subject_pepper, self.somebody())
        if DataSubject.objects.filter(pseudonym=name).exists():
            erase_subject(pseudonym=name, actor=ACTOR)

    def hold(self) -> None:
        system = System.objects.get(key="carousel")
        held = Hold.objects.filter(released_at=None)
        if held.exists():
            now = database_now()
            held.update(
                release_proposed_by="pia",
                release_proposed_at=now,
                released_by="ivo",
                released_at=now,
                release_reason="tests",
            )
        elif self.random.random() < 0.5:
            place_hold(system=system, cause="tests", reason="tests", actor=ACTOR)
        else:
            purpose = Purpose.objects.get(key="ads")
            place_hold(purpose=purpose, cause="tests", reason="tests", actor=ACTOR)

    def signal(self) -> None:
        purpose = self.random.choice(PURPOSES)
        Purpose.objects.filter(key=purpose).update(gpc_covers=self.random.random() < 0.5)


def slow_facts() -> tuple[Catalogue, datetime, dict[str, PersonFacts]]:
    names = [pseudonym_of(configured.KEYS.subject_pepper, subject) for subject in SUBJECTS]
    with connection.cursor() as cursor:
        catalogue, now = read_catalogue(cursor, systems=None, purposes=None)
        key = configured.KEYS.fingerprint_key
        people = read_people(cursor, names, fingerprint_key=key, purposes=None)
    return catalogue, now, dict(zip(SUBJECTS, people, strict=True))


def moments(now: datetime, person: PersonFacts) -> Iterator[datetime]:
    """Now, and both sides of every day on which something of this person runs out."""
    yield now
    second = timedelta(seconds=1)
    for choice in person.choices.values():
        if choice.expires_at is not None:
            day = choice.expires_at.replace(hour=0, minute=0, second=0, microsecond=0)
            yield from (day - second, day + timedelta(days=1))


def compare(host: HostTable) -> int:
    """Compare every answer about everybody; returns how many were compared."""
    catalogue, now, people = slow_facts()
    fast = host.table.catalogue()
    assert fast.catalogue == catalogue
    compared = 0
    for subject, person in people.items():
        slot = host.read(subject)
        assert slot is None or not slot.doubt
        told = ANONYMOUS if slot is None else slot.person(fast.purposes)
        certain = [
            key
            for place, key in enumerate(fast.purposes)
            if slot is None or slot.erased or slot.class_codes[place] != layout.ASK
        ]
        for at in moments(now, person):
            for region in REGIONS:
                for gpc in (False, True):
                    moment = Circumstances(now=at, region=region, gpc=gpc)
                    for key in certain:
                        mine = decide_purpose(catalogue, key, told, moment)
                        truth = decide_purpose(catalogue, key, person, moment)
                        assert essence(mine) == essence(truth), (subject, key, at, told, person)
                        compared += 1
                    if len(certain) == len(fast.purposes):
                        mine = decide_system(catalogue, "carousel", told, moment)
                        truth = decide_system(catalogue, "carousel", person, moment)
                        assert essence(mine) == essence(truth)
    return compared


def essence(decision: object) -> tuple[object, ...]:
    names = ("outcome", "reason", "revision", "model_version", "fallback_version", "obligations")
    return tuple(getattr(decision, name) for name in (*names, "notice_version", "lost"))


@pytest.mark.parametrize("seed", range(3))
def test_table_and_database_decide_alike_on_random_histories(host: HostTable, seed: int) -> None:
    make_carousel()
    history = History(seed)
    compared = 0
    for number in range(60):
        history.step()
        if number % 20 == 19:
            host.applier.rebuild()
        if number % 3 == 2:
            host.settle()
            compared += compare(host)
    assert compared > 10_000


def test_the_day_on_which_a_consent_runs_out_is_postgresqls(host: HostTable) -> None:
    ends = datetime.now(UTC).replace(hour=7, minute=8, second=9) + timedelta(days=100)
    record_choice(subject="ada", purpose="ads", status="given", expires_at=ends, actor=ACTOR)
    host.settle()
    slot = host.read("ada")
    assert slot is not None
    told = slot.person(["ads"]).choices["ads"].expires_at
    assert told == ends.replace(hour=0, minute=0, second=0, microsecond=0)
