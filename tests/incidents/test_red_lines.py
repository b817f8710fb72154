"""A red line opens an incident when a fact crosses it; a verdict draws none."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from governance.core.actors import SystemActor
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.core.events import SignalChanged
from governance.registry import services as registry
from governance.registry.models import Hold, System
from governance.signals.services import publish_signal
from incidents.choices import Crossing, Kind, Severity, State
from incidents.models import Incident, RedLine
from incidents.receivers import watch_lines
from incidents.services.red_lines import draw_red_line, withdraw_red_line
from tests.cast import Cast

MACHINE = SystemActor("test")
SIGNAL, SCOPE = "consent.recipients_overdue", "organisation"


@pytest.fixture
def system(cast: Cast) -> System:
    made = registry.register_system(
        key="carousel", title="Carousel", on_pause="non_profiled", actor=MACHINE
    )
    cast.join("carousel")
    return made


def draw(system: System, cast: Cast, who: str = "pia", **changes: object) -> RedLine:
    given: dict[str, object] = {
        "signal_key": SIGNAL,
        "op": ">=",
        "bound": 3.0,
        "crossing": Crossing.CONTAIN,
        "kind": Kind.CONSENT,
        "severity": Severity.S2,
        "reason": "Withdrawals that recipients ignore are no withdrawals.",
        **changes,
    }
    return draw_red_line(system=system, actor=cast.actor(who), **given)  # type: ignore[arg-type]


def publish(value: float | None, state: str = "warn") -> None:
    publish_signal(
        key=SIGNAL,
        scope_key=SCOPE,
        value=value,
        state=state,
        sentence=f"{value} recipients are overdue",
        source="test",
        actor=MACHINE,
    )
    event = SignalChanged(key=SIGNAL, scope_key=SCOPE, value=str(value), state=state)
    watch_lines(event, actor=MACHINE)


@pytest.mark.django_db
def test_crossing_a_line_contains_the_system_unattended(system: System, cast: Cast) -> None:
    draw(system, cast)
    publish(2)
    assert not Incident.objects.exists()
    publish(3)
    incident = Incident.objects.get()
    assert incident.state == State.MITIGATED
    assert incident.kind == Kind.CONSENT
    assert Hold.objects.filter(released_at=None, system=system).exists()


@pytest.mark.django_db
def test_a_line_that_only_opens_leaves_containment_to_people(system: System, cast: Cast) -> None:
    draw(system, cast, crossing=Crossing.OPEN_INCIDENT)
    publish(7)
    assert Incident.objects.get().state == State.REPORTED
    assert not Hold.objects.exists()


@pytest.mark.django_db
def test_a_line_that_stays_crossed_is_one_incident(system: System, cast: Cast) -> None:
    draw(system, cast)
    for value in (3, 5, 4):
        publish(value)
    assert Incident.objects.count() == 1
    assert Incident.objects.get().timeline.filter(sentence__startswith="Still crossed").count() == 2


@pytest.mark.django_db
def test_what_is_not_known_crosses_nothing(system: System, cast: Cast) -> None:
    draw(system, cast, op="<=", bound=3.0)
    publish(None, "unknown")
    assert not Incident.objects.exists()


@pytest.mark.django_db
def test_a_withdrawn_line_watches_nothing(system: System, cast: Cast) -> None:
    line = draw(system, cast)
    with pytest.raises(Invalid, match="why"):
        withdraw_red_line(line=line, reason="no", actor=cast.actor("pia"))
    withdraw_red_line(line=line, reason="The recipient left for good.", actor=cast.actor("pia"))
    publish(9)
    assert not Incident.objects.exists()
    assert draw(system, cast).pk != line.pk


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["audit.exposure.verdict"])
def test_a_verdict_draws_no_line(key: str, system: System, cast: Cast) -> None:
    with pytest.raises(Invalid, match="only an alert may hold"):
        draw(system, cast, signal_key=key)


@pytest.mark.django_db
def test_lines_are_drawn_once_by_those_who_answer_for_harm(system: System, cast: Cast) -> None:
    for who in ("max", "ada", "dan", "aud"):
        with pytest.raises(NotPermitted):
            draw(system, cast, who)
    draw(system, cast, "elif")
    with pytest.raises(Conflict, match="already"):
        draw(system, cast, "ivo")
    with pytest.raises(Invalid, match="no signal"):
        draw(system, cast, signal_key="nobody.knows")


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.sampled_from([">=", "<="]))
def test_the_bound_itself_is_over_the_line(number: float, bound: float, op: str) -> None:
    line = RedLine(op=op, bound=bound)
    assert line.is_crossed(bound)
    assert line.is_crossed(number) == (number >= bound if op == ">=" else number <= bound)


@pytest.mark.django_db
def test_the_privacy_lead_draws_and_withdraws_on_the_page(system: System, cast: Cast) -> None:
    publish(1)
    client, page = cast.sign_in(Client(), "pia"), reverse("red_lines")
    form = {
        "system": str(system.pk),
        "signal": f"{SIGNAL} {SCOPE}",
        "op": ">=",
        "bound": "3",
        "crossing": Crossing.CONTAIN,
        "kind": Kind.CONSENT,
        "severity": Severity.S2,
        "reason": "Withdrawals that recipients ignore are no withdrawals.",
    }
    assert client.post(page, form).status_code == 302
    assert "Withdrawals that recipients ignore" in client.get(page).content.decode()
    line = RedLine.objects.get()
    client.post(
        reverse("red_line_withdraw", args=[line.pk]), {"reason": "The recipient left for good."}
    )
    assert "No line is drawn" in client.get(page).content.decode()
