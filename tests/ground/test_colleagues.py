"""A colleague's traces: every relation of the house to an account is handed out, and freed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from audits.models import Alert, Finding
from audits.runner import perform_run
from audits.services import observe_plan, schedule_due_runs
from audits.vault.attributes import create_attribute
from governance.core.ports import registered_personal_data_holders
from governance.people import references, services
from governance.people.models import SignIn, User
from governance.registry.models import Feature, System
from governance.registry.services import place_hold
from incidents.models import Incident
from incidents.services.actions import add_action
from incidents.services.opening import open_incident
from incidents.services.post_mortems import open_post_mortem
from tests.architecture.test_promises_of_rooms import our_models
from tests.audits.conftest import STAGE, make_stage
from tests.audits.test_races import a_breaching_run

if TYPE_CHECKING:
    from tests.cast import Cast


@pytest.fixture
def named_everywhere(cast: Cast, settings: Any, tmp_path: Path) -> User:
    """Ivo, in every relation that the house has to an account."""
    settings.STORAGE_URL = (tmp_path / "storage").as_uri()
    ivo = cast.ivo
    run = a_breaching_run(make_stage())
    assert perform_run(str(run.pk))
    Finding.objects.update(owner=ivo)
    run.plan.owner = ivo
    run.plan.save()
    for due in schedule_due_runs():
        perform_run(str(due.pk))
    observe_plan(plan=run.plan, actor=STAGE)
    Alert.objects.update(owner=ivo)
    create_attribute(
        key="origin",
        title="Origin as people told it",
        kind="self_declared",
        purposes=["fairness_audit"],
        reason="Nobody can see unequal treatment by origin without it.",
        legal_basis="consent",
        article9="explicit_consent",
        dpia="https://example.org/dpia/12",
        expires_at=timezone.now() + timedelta(days=90),
        owner=ivo,
        actor=STAGE,
    )
    System.objects.update(owner=ivo)
    Feature.objects.create(key="clicks", title="Clicks", owner=ivo)
    incident, _created = open_incident(
        title="Too few items get shown",
        summary="",
        kind="algorithmic_bias",
        severity="s2",
        cause_key="report:1",
        actor=STAGE,
    )
    Incident.objects.update(commander=ivo)
    incident.participants.create(
        role="scribe", user=ivo, assigned_by=ivo.reference, since=timezone.now()
    )
    add_action(
        post_mortem=open_post_mortem(incident=incident),
        title="Alert on the share of the top tenth",
        owner=ivo,
        due_on=timezone.now().date(),
        verification="The alert fires on the log of the incident.",
        actor=STAGE,
    )
    cast.join("carousel", "ivo")
    for principal, deputy in ((ivo, cast.ada), (cast.ada, ivo)):
        services.appoint_deputy(
            principal=principal,
            deputy=deputy,
            role=principal.role_assignments.get().role,
            reason="On leave.",
            ends_at=timezone.now() + timedelta(days=10),
            actor=cast.actor(principal.name.lower()),
        )
    SignIn.objects.create(user=ivo, session_key="k", last_seen_at=timezone.now())
    place_hold(
        system=System.objects.get(), cause="c", reason="Just in case.", actor=cast.actor("ivo")
    )
    return ivo


def named_by(user: User) -> set[str]:
    """The relations that hold this person, as `app.Model.field`."""
    return {
        f"{model._meta.label}.{field.name}"
        for model, field in references.relations()
        if model._default_manager.filter(**{field.attname: user.pk}).exists()
    }


@pytest.mark.django_db
def test_every_relation_to_a_colleague_is_handed_out_and_freed(named_everywhere: User) -> None:
    ours = set(our_models())
    house = {
        f"{model._meta.label}.{field.name}"
        for model, field in references.relations()
        if model in ours
    }
    assert {"registry.System.owner", "incidents.Incident.commander"} <= house
    assert house <= named_by(named_everywhere)  # a new relation gets its row above

    holder = next(one for one in registered_personal_data_holders() if one.label == "people")
    told = holder.export(named_everywhere.reference)
    lines = {(row["kind"], row.get("as")) for row in told}
    assert {("system", "owner"), ("incident", "commander"), ("plan", "owner")} <= lines
    assert ("hold", "placed by") in lines  # what a person did, told by reference

    holder.erase(named_everywhere.reference)
    assert named_by(named_everywhere) == set()
    assert System.objects.get().owner is None
    named_everywhere.refresh_from_db()
    assert named_everywhere.name == "Erased person"
