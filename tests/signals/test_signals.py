"""Promises about signals: declared, kept as revisions, and missing when they are stale."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.checks import run_checks
from django.db import DatabaseError, transaction
from django.utils import timezone

from governance.core.actors import SystemActor
from governance.outbox.models import EventRow
from governance.signals import definitions
from governance.signals.definitions import (
    SignalDefinition,
    UnknownSignal,
    declare_readers,
    declare_signals,
)
from governance.signals.models import CurrentSignal, SignalRevision
from governance.signals.selectors import (
    SignalReading,
    current_signal,
    signals_for,
    signals_for_actor,
)
from governance.signals.services import publish_signal
from tests.cast import Cast

pytestmark = pytest.mark.django_db
STAGE = SystemActor("tests")


@pytest.fixture(autouse=True)
def a_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(definitions, "_DEFINITIONS", dict(definitions._DEFINITIONS))
    monkeypatch.setattr(definitions, "_READERS", dict(definitions._READERS))
    for key, age in (("test.{plan}.share", None), ("test.fresh", timedelta(hours=1))):
        declare_signals(
            SignalDefinition(
                key=key,
                owner="tests",
                unit="share",
                scope="system",
                direction="lower_is_better",
                max_age=age,
                title="A share",
            )
        )


def publish(
    key: str = "test.a.share", value: float | str | None = 0.5, state: str = "ok"
) -> SignalReading:
    return publish_signal(
        key=key, scope_key="carousel", value=value, state=state, sentence="So it is.",
        source="run 1", actor=STAGE,
    )  # fmt: skip


def test_a_published_signal_is_read_back() -> None:
    publish(value=0.52, state="fail")
    reading = current_signal("test.a.share", "carousel")
    assert reading is not None
    assert (reading.value, reading.state, reading.stale) == (0.52, "fail", False)
    assert [one.key for one in signals_for("carousel", prefix="test.")] == ["test.a.share"]


def test_a_signal_nobody_published_is_missing() -> None:
    assert current_signal("test.a.share", "carousel") is None


def test_a_stale_signal_is_missing() -> None:
    publish("test.fresh")
    assert current_signal("test.fresh", "carousel") is not None
    CurrentSignal.objects.update(published_at=timezone.now() - timedelta(hours=2))
    assert current_signal("test.fresh", "carousel") is None
    assert [one.stale for one in signals_for("carousel")] == [True]


def test_an_inconclusive_signal_is_missing_where_that_is_asked() -> None:
    publish(state="inconclusive")
    assert current_signal("test.a.share", "carousel") is not None
    assert current_signal("test.a.share", "carousel", inconclusive_is_missing=True) is None


def test_every_publication_is_kept_and_none_can_be_changed() -> None:
    publish(value=0.5)
    publish(value=0.6)
    assert [one.number for one in SignalRevision.objects.order_by("at")] == [0.5, 0.6]
    assert CurrentSignal.objects.get().number == 0.6
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        SignalRevision.objects.update(number=0.1)


def test_news_is_told_when_the_fact_moves_and_not_when_it_repeats() -> None:
    publish(value=0.5)
    publish(value=0.5)
    assert EventRow.objects.filter(name="SignalChanged").count() == 1
    publish(value=0.5, state="fail")
    assert EventRow.objects.filter(name="SignalChanged").count() == 2


@pytest.mark.parametrize("key", ["test.a.b.share", "test..share", "nobody.knows", "test.A.share"])
def test_an_undeclared_signal_is_neither_published_nor_read(key: str) -> None:
    with pytest.raises(UnknownSignal, match="No room declares"):
        publish(key)
    with pytest.raises(UnknownSignal):
        current_signal(key, "carousel")


def test_the_check_names_a_reader_whose_signal_nobody_declares() -> None:
    assert not [one for one in run_checks() if one.id == "signals.E001"]
    declare_readers("tests", "test.{plan}.share", "nobody.knows")
    (error,) = [one for one in run_checks() if one.id == "signals.E001"]
    assert "'nobody.knows'" in error.msg


def test_the_same_key_with_another_meaning_stops_the_start() -> None:
    with pytest.raises(ValueError, match="declared twice"):
        declare_signals(
            SignalDefinition(
                key="test.fresh",
                owner="others",
                unit="",
                scope="version",
                direction="none",
                max_age=None,
                title="Else",
            )
        )


def test_members_see_a_verdict_of_their_system_as_well_as_of_its_version(cast: Cast) -> None:
    """Audits publish one verdict under the version's key and, while it serves, the system's."""
    for scope in ("carousel", "carousel:v1", "carousel-two", "carousel-two:v1"):
        publish_signal(
            key="audit.group-shares.verdict", scope_key=scope, value="fail", state="fail",
            sentence="So it is.", source="run 1", actor=STAGE,
        )  # fmt: skip
    cast.join("carousel", "ada")
    seen = signals_for_actor(cast.actor("ada")).values_list("scope_key", flat=True)
    assert sorted(seen) == ["carousel", "carousel:v1"]
    assert not signals_for_actor(cast.actor("eve")).exists()
