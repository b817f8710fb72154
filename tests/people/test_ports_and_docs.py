"""What people give to the other rooms, and that the written table is the real one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from governance.core.clock import database_now
from governance.core.ports import (
    registered_personal_data_holders,
    registered_retention_rules,
    registered_search_sources,
)
from governance.outbox.ports import registered_address_book
from governance.people import services
from governance.people.actors import person_actor
from governance.people.choices import Role
from governance.people.models import SharedCacheEntry, SignIn, User
from governance.people.permissions import Action, declare_actions, declared_actions
from governance.people.permissions_page import permissions_page
from tests.cast import Cast


def _references(recipient: str) -> set[str]:
    return {address.reference for address in registered_address_book().resolve(recipient)}


def test_the_address_book_finds_a_person_a_role_and_a_role_on_a_system(cast: Cast) -> None:
    cast.join("carousel")
    ada, eve, pia = cast.ada.reference, cast.eve.reference, cast.pia.reference
    assert _references(ada) == {ada}
    assert _references("role:product_owner") == {ada, eve}
    assert _references("role:product_owner@carousel") == {ada}
    assert _references("role:privacy_lead@carousel") == {pia}
    services.set_active(user=cast.ada, active=False, actor=cast.actor("root"))
    assert _references("role:product_owner@carousel") == set()
    with pytest.raises(ValueError, match="names neither"):
        _references("everyone")


def test_an_account_is_handed_out_and_erased_whole(cast: Cast) -> None:
    cast.join("carousel", "max")
    holder = next(one for one in registered_personal_data_holders() if one.label == "people")
    reference = cast.max.reference
    assert holder.export(reference)[0]["email"] == "max@example.org"
    assert holder.erase(reference) > 1
    gone = User.objects.get(pk=cast.max.pk)
    assert "max" not in f"{gone.email} {gone.name}".lower()
    assert not gone.is_active
    assert not person_actor(gone).roles
    assert "max" not in str(holder.export(reference)).lower()


def test_search_finds_people_for_those_who_may_see_them(cast: Cast) -> None:
    source = next(one for one in registered_search_sources() if one.label == "people")
    cast.person("ada")
    assert [hit.title for hit in source.search(cast.actor("aud"), "ada", 5)] == ["Ada"]
    assert not source.search(cast.actor("eve"), "ada", 5)


def test_old_sessions_and_spent_cache_rows_go(cast: Cast) -> None:
    now = database_now()
    for age in (timedelta(hours=1), timedelta(days=2)):
        SignIn.objects.create(user=cast.max, session_key=f"k{age.days}", last_seen_at=now - age)
        SharedCacheEntry.objects.create(
            cache_key=f"k{age.days}", value="x", expires=now + timedelta(days=1) - age
        )
    rules = {rule.model: rule for rule in registered_retention_rules()}
    for model in ("people.SignIn", "people.SharedCacheEntry"):
        rules[model].apply(now)
    assert [row.session_key for row in SignIn.objects.all()] == ["k0"]
    assert [row.cache_key for row in SharedCacheEntry.objects.all()] == ["k0"]


def test_an_action_cannot_mean_two_things() -> None:
    known = declared_actions()[0]
    declare_actions(known)
    with pytest.raises(ValueError, match="twice"):
        declare_actions(Action(known.key, {Role.DPO}, None, "Something else."))


def test_the_written_permission_table_is_the_real_one() -> None:
    written = (settings.ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
    assert written == permissions_page(), "run manage.py render_permissions"


def test_an_administrator_is_made_at_the_command_line(
    db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--email", "New@example.org", "--password", "seven quiet herons"]
    call_command("create_admin", *arguments)
    call_command("create_admin", "--email", "new@example.org")
    user = User.objects.get(email="new@example.org")
    assert user.check_password("seven quiet herons")
    assert person_actor(user).may("people.edit")
    assert "seven quiet herons" not in capsys.readouterr().out
    with pytest.raises(CommandError, match="password"):
        call_command("create_admin", "--email", "a@example.org", "--password", "short")
