"""A new key of names: nobody's choice is lost, people are named anew when they are met."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from config.keys import KeyRing
from consent import selectors, services
from consent.fastpath.serving import Serving
from consent.fastpath.table import SharedTable
from consent.history import person_at
from consent.identity import key_id_of, names_of
from consent.models import ConsentState, DataSubject
from consent.services.own_choices import read_own_choices
from consent.slowpath.wsgi import keys_from_settings
from consent.tokens import SubjectToken
from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.core.errors import Conflict
from governance.core.ids import uuid7
from governance.ledger.models import LedgerEntry

pytestmark = pytest.mark.django_db
STAGE = SystemActor("tests")


@pytest.fixture(autouse=True)
def ring() -> Iterator[KeyRing]:
    """The session's ring; its file is put back afterwards."""
    before = settings.KEYS.subject_peppers
    yield settings.KEYS
    settings.KEYS.write_subject_peppers(before)


def say(status: str = "withdrawn", subject: str = "anna") -> services.RecordedChoice:
    return services.record_choice(subject=subject, purpose="ads", status=status, actor=STAGE)


def rotate(ring: KeyRing) -> None:
    ring.write_subject_peppers((secrets.token_bytes(32), *ring.subject_peppers))


def reason_for(subject: str) -> str:
    found = selectors.check_many(subjects=[subject, "x"], purpose="ads", system=None, actor=STAGE)
    return str(found.decisions[0].reason)


def test_a_withdrawal_under_the_former_key_is_seen_by_the_next_check(ring: KeyRing) -> None:
    say()
    rotate(ring)
    assert reason_for("anna") == "withdrawn"
    then = person_at("anna", database_now() + timedelta(seconds=1))
    assert then is not None and then.choices["ads"].status == "withdrawn"


def test_a_person_sees_what_they_chose_under_the_former_key(ring: KeyRing) -> None:
    say("given")
    former = DataSubject.objects.get()
    rotate(ring)
    now = database_now()
    token = SubjectToken(
        "anna", (), "https://shop.example", now, now + timedelta(minutes=5), uuid7()
    )
    own = read_own_choices(token, gpc=False)
    assert own.subject == former
    assert own.facts.choices["ads"].status == "given"


def test_a_person_met_again_gets_new_names_and_keeps_their_history(ring: KeyRing) -> None:
    say()
    former = DataSubject.objects.get()
    rotate(ring)
    assert say("given").revision == 2
    person = DataSubject.objects.get()
    names = names_of(ring, "anna")[0]
    assert person.pk == former.pk and person.pseudonym != former.pseudonym
    assert (person.pseudonym, person.lookup) == (names.pseudonym, names.lookup)
    assert person.key_id == key_id_of(ring.subject_pepper)
    assert ConsentState.objects.get().status == "given"


def test_who_was_erased_under_a_former_key_stays_erased(ring: KeyRing) -> None:
    say()
    services.erase_everywhere(subject="anna", actor=STAGE)
    rotate(ring)
    assert reason_for("anna") == "erased"
    with pytest.raises(Conflict):
        say("given")


def test_who_is_still_named_by_a_former_key_is_erased_by_id(ring: KeyRing) -> None:
    say()
    rotate(ring)
    services.erase_everywhere(subject="anna", actor=STAGE)
    assert not DataSubject.objects.filter(pseudonym__isnull=False).exists()
    assert reason_for("anna") == "erased"


def test_the_fast_check_asks_postgresql_while_former_keys_are_tried(ring: KeyRing) -> None:
    def never() -> SharedTable:
        pytest.fail("the table was opened")

    rotate(ring)
    assert Serving(never, keys_from_settings).current() is None


def test_the_key_file_keeps_former_keys_below_the_newest(ring: KeyRing) -> None:
    before = ring.subject_peppers
    rotate(ring)
    again = KeyRing(ring.folder)
    assert again.subject_peppers[1:] == before
    assert again.subject_pepper == again.subject_peppers[0] != before[0]
    assert (ring.folder / "subject_pepper").stat().st_mode & 0o077 == 0


def test_the_command_rotates_and_forgets_a_key_that_names_nobody(ring: KeyRing) -> None:
    say()
    out = io.StringIO()
    call_command("rotate_subject_key", stdout=out)
    assert "1 people keep their former name" in out.getvalue()
    assert LedgerEntry.objects.filter(verb="consent.subject_key_rotated").exists()
    with pytest.raises(CommandError, match="still named by a former key"):
        call_command("rotate_subject_key", "--forget")
    say()
    call_command("rotate_subject_key", "--forget", stdout=out)
    assert len(ring.subject_peppers) == 1
    assert reason_for("anna") == "withdrawn"
