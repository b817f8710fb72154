"""The service that mails people learns which of its own people to write to, and of nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.ledger.models import LedgerEntry
from governance.people.services import create_api_key
from incidents.choices import Audience, Kind, Severity
from incidents.models import Communication, Incident
from incidents.services.affected import MOST_ASKED, affected_among
from incidents.services.opening import open_incident
from tests.audits.conftest import DAY, START, Stage, impressions, stage, storage
from tests.cast import Cast
from tests.incidents.message_stage import MACHINE, sent, written

__all__ = ["stage", "storage"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def message(stage: Stage, cast: Cast) -> Communication:
    """Sent to people of an incident of the serving version, from START for one day."""
    cast.join(stage.system.key)
    incident, _created = open_incident(
        title="Too concentrated",
        summary="",
        kind=Kind.BIAS,
        severity=Severity.S2,
        cause_key="breach:a",
        system=stage.system,
        version=stage.serving,
        started_at=START,
        actor=MACHINE,
    )
    Incident.objects.filter(pk=incident.pk).update(
        detected_at=START + DAY, contained_at=START + DAY
    )
    incident.refresh_from_db()
    return sent(cast, incident, Audience.PEOPLE, "It is stopped.")


def asked(message: Communication, *subjects: str) -> list[str]:
    return affected_among(communication=message, subjects=subjects, actor=MACHINE)


def test_those_whom_the_harmful_version_served_in_time_are_written_to(
    message: Communication, stage: Stage
) -> None:
    assert asked(message, "person-1") == [], "before any output was sent nobody is known"
    stage.push(stage.serving, impressions("learned", day=0, rows=3))
    stage.push(stage.serving, impressions("learned", day=2, rows=60))
    stage.push(stage.fallback, impressions("uniform", day=0, rows=90))
    people = [f"person-{number}" for number in (2, 0, 1, 3, 50, 80)] + ["a stranger", "x' OR 1=1"]
    assert asked(message, *people) == ["person-2", "person-0", "person-1"]
    entry = LedgerEntry.objects.filter(verb="incidents.affected_asked").latest("at")
    assert (entry.facts["asked"], entry.facts["affected"]) == (8, 3)


def test_rows_that_name_another_version_are_left_out_and_those_that_name_none_are_not(
    message: Communication, stage: Stage
) -> None:
    from audits.services import push_outputs
    from tests.audits.conftest import json_lines

    rows = impressions("learned", rows=3)
    versions = (stage.serving.key, stage.fallback.key, None)
    for row, version in zip(rows, versions, strict=True):
        row["model_version"] = version
    push_outputs(
        system=stage.system,
        version=None,
        data=json_lines(rows),
        media_type="application/x-ndjson",
        actor=MACHINE,
    )
    assert asked(message, "person-0", "person-1", "person-2") == ["person-0", "person-2"]


def test_nobody_is_named_before_a_message_to_people_was_sent(
    message: Communication, cast: Cast
) -> None:
    with pytest.raises(Conflict):
        asked(written(cast, message.incident, Audience.PEOPLE), "person-0")
    with pytest.raises(Conflict):
        asked(sent(cast, message.incident, Audience.PUBLIC), "person-0")
    with pytest.raises(Invalid):
        asked(message, *map(str, range(MOST_ASKED + 1)))
    with pytest.raises(NotPermitted):
        affected_among(communication=message, subjects=["person-0"], actor=cast.actor("ivo"))


def test_the_mail_service_asks_with_its_key_and_only_about_its_systems(
    message: Communication, stage: Stage
) -> None:
    stage.push(stage.serving, impressions("learned", day=0, rows=3))

    def answered(scope: str, system: str) -> Any:
        _row, secret = create_api_key(
            name="mail", scopes=[scope, "registry:read"], system_keys=[system], actor=MACHINE
        )
        return Client().post(
            f"/api/v1/communications/{message.pk}/affected",
            {"subjects": ["person-0", "person-9"]},
            content_type="application/json",
            headers={"X-API-Key": secret},
        )

    own = answered("consent:read", stage.system.key)
    assert (own.status_code, own.json()) == (200, {"affected": ["person-0"]})
    assert answered("consent:check", stage.system.key).status_code == 403
    assert answered("consent:read", "another").status_code == 404
