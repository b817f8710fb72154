"""Roles, systems and deputies decide what a person may do and see, at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.ledger.models import LedgerEntry
from governance.people import selectors, services
from governance.people.actors import PersonActor
from governance.people.choices import Role
from governance.people.models import Deputy, User
from governance.people.permissions import declared_actions, find_action
from tests.cast import ROLES, Cast

STAGE = SystemActor("tests")


@pytest.mark.parametrize("name", ROLES)
def test_every_person_may_exactly_what_the_table_says(cast: Cast, name: str) -> None:
    actor = cast.actor(name)
    allowed = {action.key for action in declared_actions() if actor.may(action.key)}
    assert allowed == {row.key for row in declared_actions() if ROLES[name] in row.roles}
    assert allowed, "a person who may nothing proves nothing"


def test_an_auditor_changes_nothing_here(cast: Cast) -> None:
    aud = cast.actor("aud")
    with pytest.raises(NotPermitted):
        services.create_user(email="x@example.org", name="X", password=None, actor=aud)
    with pytest.raises(NotPermitted):
        services.assign_role(user=cast.eve, role=Role.ADMIN, actor=aud)
    with pytest.raises(NotPermitted):
        services.create_api_key(name="x", scopes=["gate:read"], actor=aud)


def test_nobody_gives_themselves_a_role(cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        services.assign_role(user=cast.ada, role=Role.ADMIN, actor=cast.actor("ada"))
    assert cast.actor("ada").roles == {Role.PRODUCT_OWNER}


def test_another_team_sees_neither_the_system_nor_the_people(cast: Cast) -> None:
    cast.join("carousel")
    eve = cast.actor("eve")
    assert eve.system_keys == frozenset()
    assert set(selectors.people_for(eve)) == {cast.eve}
    assert not selectors.keys_for(eve).exists()
    assert cast.eve not in selectors.people_with_role(Role.PRODUCT_OWNER, "carousel")
    assert cast.ada in selectors.people_with_role(Role.PRODUCT_OWNER, "carousel")


def test_an_action_nobody_declared_is_an_error_and_not_a_silent_no(cast: Cast) -> None:
    with pytest.raises(LookupError, match=r"permissions\.py"):
        cast.actor("root").may("people.veiw")


def test_a_deputy_holds_the_role_and_sees_the_systems_until_the_end(cast: Cast) -> None:
    cast.join("carousel", "ada")
    appointed = services.appoint_deputy(
        principal=cast.ada,
        deputy=cast.eve,
        role=Role.PRODUCT_OWNER,
        ends_at=database_now() + timedelta(days=3),
        reason="leave",
        actor=cast.actor("ada"),
    )
    assert cast.actor("eve").system_keys == frozenset({"carousel"})
    assert cast.eve in selectors.people_with_role(Role.PRODUCT_OWNER, "carousel")
    Deputy.objects.filter(pk=appointed.pk).update(ends_at=database_now() - timedelta(seconds=1))
    assert cast.actor("eve").system_keys == frozenset()
    assert cast.eve not in selectors.people_with_role(Role.PRODUCT_OWNER, "carousel")


def test_a_deputy_loses_what_the_principal_loses(cast: Cast) -> None:
    services.appoint_deputy(
        principal=cast.person("elif"),
        deputy=cast.max,
        role=Role.ETHICS_REVIEWER,
        ends_at=database_now() + timedelta(days=3),
        reason="leave",
        actor=cast.actor("root"),
    )
    assert Role.ETHICS_REVIEWER in cast.actor("max").roles
    services.remove_role(
        user=cast.person("elif"), role=Role.ETHICS_REVIEWER, actor=cast.actor("root")
    )
    assert Role.ETHICS_REVIEWER not in cast.actor("max").roles


def test_a_deputy_cannot_hand_the_role_on(cast: Cast) -> None:
    until = database_now() + timedelta(days=3)
    services.appoint_deputy(
        principal=cast.pia,
        deputy=cast.max,
        role=Role.PRIVACY_LEAD,
        ends_at=until,
        reason="leave",
        actor=cast.actor("pia"),
    )
    with pytest.raises(Invalid, match="does not hold"):
        services.appoint_deputy(
            principal=cast.max,
            deputy=cast.eve,
            role=Role.PRIVACY_LEAD,
            ends_at=until,
            reason="leave",
            actor=cast.actor("max"),
        )


def test_the_database_refuses_a_person_deputising_for_themselves(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Deputy.objects.create(
            principal=cast.ada,
            deputy=cast.ada,
            role="product_owner",
            reason="x",
            ends_at=database_now(),
        )


def test_the_last_administrator_stays(cast: Cast) -> None:
    with pytest.raises(Conflict, match="last administrator"):
        services.remove_role(user=cast.root, role=Role.ADMIN, actor=cast.actor("root"))
    services.assign_role(user=cast.max, role=Role.ADMIN, actor=cast.actor("root"))
    services.remove_role(user=cast.root, role=Role.ADMIN, actor=cast.actor("root"))
    assert not cast.actor("root").roles


def test_somebody_shut_out_holds_no_role(cast: Cast) -> None:
    services.set_active(user=cast.pia, active=False, actor=cast.actor("root"))
    stale = PersonActor(User.objects.get(pk=cast.pia.pk))
    assert not stale.roles
    assert cast.pia not in selectors.people_with_role(Role.PRIVACY_LEAD)


def test_one_address_is_one_person_whatever_its_case(cast: Cast) -> None:
    assert cast.ada.email == "ada@example.org"
    with pytest.raises(Conflict):
        services.create_user(email="ADA@example.org", name="A", password=None, actor=STAGE)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=cast.ada.pk).update(email="Ada@example.org")


def test_the_ledger_tells_who_changed_roles_and_names_nobody(cast: Cast) -> None:
    services.assign_role(user=cast.max, role=Role.AUDITOR, actor=cast.actor("root"))
    entry = LedgerEntry.objects.filter(verb="people.role_assigned").latest("at")
    assert entry.actor_reference == cast.root.reference
    assert entry.facts == {"user": str(cast.max.pk), "role": "auditor"}
    facts = str(list(LedgerEntry.objects.values_list("facts", flat=True)))
    assert "example.org" not in facts
    assert "Max" not in facts


def test_actions_of_the_dpo_never_approve() -> None:
    words = ("approve", "lift", "waive", "release", "edit")
    for action in declared_actions():
        if any(word in action.key for word in words):
            assert Role.DPO not in action.roles, f"the DPO advises and does not {action.key}"
    assert Role.DPO in find_action("people.view").roles
