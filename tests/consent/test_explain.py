"""A past decision can be computed again, until the person is erased."""

from __future__ import annotations

from functools import partial
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from consent import services
from consent.history import explain_decision
from consent.models import DataSubject
from governance.core.actors import SystemActor
from governance.registry.models import Hold, PersonalizationType, Purpose
from governance.registry.services import (
    place_hold,
    register_feature,
    set_age_rule,
    set_region_rule,
    set_serving_version,
    update_feature,
    update_purpose,
    update_type,
    update_version,
)
from tests.consent.conftest import make_version

if TYPE_CHECKING:
    from datetime import datetime

    from governance.registry.models import System

pytestmark = pytest.mark.django_db
STAGE = SystemActor("tests")


def moment() -> datetime:
    """A time between two facts of one transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
        return found


def say(status: str) -> None:
    services.record_choice(
        subject="anna", purpose="product_suggestions", status=status, actor=STAGE
    )


def then(at: datetime) -> tuple[str, str]:
    told = explain_decision(system_key="carousel", subject="anna", at=at).decision
    return str(told.reason), told.version_to_serve


def test_every_past_answer_is_told_as_it_was(carousel: System) -> None:
    before = moment()
    say("given")
    consented = moment()
    better = make_version(carousel, "linear", profiled=True)
    set_serving_version(system=carousel, version=better, actor=STAGE, reason="tests")
    served_better = moment()
    hold = place_hold(system=carousel, cause="incident:1", reason="Stop.", actor=STAGE)
    held = moment()
    Hold.objects.filter(pk=hold.pk).update(
        released_at=held,
        released_by="user:2",
        release_proposed_by="user:1",
        release_proposed_at=held,
    )
    say("withdrawn")
    withdrawn = moment()
    purpose = Purpose.objects.get(key="product_suggestions")
    update_purpose(purpose=purpose, actor=STAGE, mechanism={"*": "prohibited"})
    assert then(before) == ("default_off", "uniform")
    assert then(consented) == ("given", "thompson")
    assert then(served_better) == ("given", "linear")
    # In a test the hold's time is the transaction's; outside one it lies between the moments.
    Hold.objects.filter(pk=hold.pk).update(placed_at=served_better, released_at=moment())
    assert then(held) == ("held", "uniform")
    Hold.objects.filter(pk=hold.pk).update(released_at=held)
    assert then(withdrawn) == ("withdrawn", "uniform")
    assert then(moment())[0] == "prohibited"


def test_a_past_answer_follows_the_rules_of_its_day(carousel: System) -> None:
    """Region and age rules, the types behind a purpose and its notices, each as it stood."""
    purpose = Purpose.objects.get(key="product_suggestions")
    kind = PersonalizationType.objects.get(key="product_suggestions")
    texts = dict.fromkeys(("en", "de"), ("Title", "Short.", "Long."))
    say("given")
    DataSubject.objects.update(age_band="13_to_15")
    free = moment()
    publish = partial(services.publish_notice, texts=texts, actor=STAGE)
    publish(key="other", purposes=[Purpose.objects.get(key="ads")])
    other_told = moment()
    publish(key="own", purposes=[purpose])
    told = moment()
    set_age_rule(type=kind, region="*", minimum_age=16, unknown_age="allow", actor=STAGE)
    aged = moment()
    update_type(type=kind, purposes=[Purpose.objects.get(key="ads")], actor=STAGE)
    untyped = moment()
    set_region_rule(purpose=purpose, region="*", regime="prohibited", actor=STAGE)
    prohibited = moment()
    set_region_rule(purpose=purpose, region="*", regime="opt_in", actor=STAGE)
    now = moment()
    answers = [then(at)[0] for at in (free, other_told, told, aged, untyped, prohibited, now)]
    assert answers == [
        "given",
        "given",
        "notice_outdated",
        "policy",
        "notice_outdated",
        "prohibited",
        "notice_outdated",
    ]


def test_a_past_obligation_follows_the_features_of_its_day(carousel: System) -> None:
    say("given")
    version = carousel.serving_version
    assert version is not None
    none = moment()
    clicks = register_feature(
        key="clicks", title="Clicks", technique="on_device", systems=[carousel], actor=STAGE
    )
    update_version(version=version, features=[clicks], actor=STAGE)
    read = moment()
    update_feature(feature=clicks, technique="raw", actor=STAGE)
    raw = moment()

    def obligations(at: datetime) -> tuple[str, ...]:
        told = explain_decision(system_key="carousel", subject="anna", at=at).decision
        return tuple(map(str, told.obligations))

    assert [obligations(at) for at in (none, read, raw)] == [(), ("on_device_only",), ()]


def test_the_command_tells_the_rule_chain(carousel: System) -> None:
    say("given")
    at = moment()
    out = StringIO()
    call_command("explain_decision", "carousel", "anna", "--at", at.isoformat(), stdout=out)
    assert "reason: given" in out.getvalue() and "version: thompson" in out.getvalue()
    assert "also applied: default_off" in out.getvalue()


def test_after_erasure_it_says_erased(carousel: System) -> None:
    say("given")
    at = moment()
    pseudonym = DataSubject.objects.get().pseudonym or ""
    services.erase_subject(pseudonym=pseudonym, actor=STAGE)
    out = StringIO()
    call_command("explain_decision", "carousel", "anna", "--at", at.isoformat(), stdout=out)
    assert out.getvalue().startswith("erased") and "given" not in out.getvalue()


@pytest.mark.parametrize("words", [("nothing", "anna"), ("carousel", "anna", "--at", "noon")])
def test_what_cannot_be_explained_is_one_clear_line(
    carousel: System, words: tuple[str, ...]
) -> None:
    with pytest.raises(CommandError):
        call_command("explain_decision", *words)
