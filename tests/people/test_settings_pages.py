"""The settings pages: who opens them, and that each step does what it says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver
from django.utils import timezone

from governance.people import selectors, services
from governance.people.choices import Role
from governance.people.models import ApiKey, Deputy, SignIn, User
from governance.people.permissions import find_action
from governance.people.web import urls
from tests.cast import ROLES, STAGE, Cast

PAGES = {
    "/settings/": "account.view",
    "/settings/people/": "people.edit",
    "/settings/keys/": "keys.view",
    "/settings/webhooks/": "webhooks.view",
    "/settings/account/": "account.view",
    "/settings/permissions/": "account.view",
}


@pytest.fixture
def fresh_root(client: Client, cast: Cast) -> Client:
    """Root, with a proof of identity a moment old."""
    return prove(cast.sign_in(client, "root"), cast.root)


def prove(client: Client, user: User) -> Client:
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": timezone.now().timestamp()}
    ]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client


def _routes(patterns: Sequence[object]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns)
        else:
            assert isinstance(pattern, URLPattern)
            yield pattern


def test_every_route_names_its_permission() -> None:
    found = list(_routes(urls.urlpatterns))
    assert len(found) > 10
    for route in found:
        named = getattr(route.callback, "route_permission", None)
        assert named, f"{route} has no permission"
        if named != "public":
            assert find_action(named).key == named


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("name", ROLES)
def test_a_page_opens_for_the_roles_of_its_action_only(cast: Cast, page: str, name: str) -> None:
    client = prove(cast.sign_in(Client(), name), cast.person(name))
    answer = client.get(page, follow=True)
    allowed = ROLES[name] in find_action(PAGES[page]).roles
    assert answer.status_code == (200 if allowed else 403)


@pytest.mark.parametrize("page", PAGES)
def test_strangers_are_sent_to_sign_in(client: Client, db: None, page: str) -> None:
    answer = client.get(page)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login/")


def test_people_without_the_right_see_only_themselves(client: Client, cast: Cast) -> None:
    cast.sign_in(client, "eve")
    assert client.get(f"/settings/people/{cast.ada.pk}/").status_code == 404
    own = client.get("/settings/", follow=True)
    assert "Eve" in own.content.decode()
    assert "ada@example.org" not in own.content.decode()


def test_only_an_administrator_changes_people(cast: Cast) -> None:
    target = f"/settings/people/{cast.max.pk}/"
    for name in set(ROLES) - {"root"}:
        client = prove(cast.sign_in(Client(), name), cast.person(name))
        for step, form in (
            ("roles/", {"role": "admin"}),
            ("roles/ml_engineer/remove/", {}),
            ("systems/", {"system_key": "carousel"}),
            ("state/", {"active": "0"}),
        ):
            assert client.post(target + step, form).status_code == 403, (name, step)
    assert cast.actor("max").roles == {Role.ML_ENGINEER}
    assert cast.actor("max").system_keys == frozenset()


def test_an_administrator_adds_a_person_who_can_sign_in(fresh_root: Client) -> None:
    form = {
        "name": "Noa",
        "email": "Noa@example.org",
        "zone": "Europe/Berlin",
        "roles": ["auditor"],
        "password": "seven quiet herons",
    }
    answer = fresh_root.post("/settings/people/", form)
    noa = User.objects.get(email="noa@example.org")
    assert answer.headers["Location"] == f"/settings/people/{noa.pk}/"
    assert noa.check_password("seven quiet herons")
    assert [held.role for held in noa.role_assignments.all()] == ["auditor"]
    again = fresh_root.post("/settings/people/", form)
    assert "exists already" in again.content.decode()


def test_roles_and_systems_are_given_and_taken(fresh_root: Client, cast: Cast) -> None:
    page = f"/settings/people/{cast.max.pk}/"
    fresh_root.post(f"{page}roles/", {"role": "auditor"})
    fresh_root.post(f"{page}systems/", {"system_key": "carousel"})
    assert Role.AUDITOR in cast.actor("max").roles
    assert cast.max.memberships.get().system_key == "carousel"
    shown = fresh_root.get(page).content.decode()
    assert "Auditor" in shown
    assert "carousel" in shown
    fresh_root.post(f"{page}roles/auditor/remove/")
    fresh_root.post(f"{page}systems/carousel/remove/")
    assert Role.AUDITOR not in cast.actor("max").roles
    assert not cast.max.memberships.exists()


def test_a_stale_sign_in_proves_itself_before_it_changes_roles(client: Client, cast: Cast) -> None:
    cast.sign_in(client, "root")
    answer = client.post(f"/settings/people/{cast.max.pk}/roles/", {"role": "admin"})
    assert answer.status_code == 302
    assert "reauthenticate" in answer.headers["Location"]
    assert Role.ADMIN not in cast.actor("max").roles


def test_a_first_password_never_waits_in_a_session(client: Client, cast: Cast) -> None:
    cast.sign_in(client, "root")
    client.post("/settings/people/", {"password": "seven quiet herons"})
    assert "seven quiet herons" not in str(dict(client.session))


def test_a_person_appoints_and_ends_their_own_deputy(client: Client, cast: Cast) -> None:
    prove(cast.sign_in(client, "ada"), cast.ada)
    form = {
        "deputy": str(cast.max.pk),
        "role": "product_owner",
        "until": (timezone.now() + timedelta(days=7)).date().isoformat(),
        "reason": "leave",
    }
    client.post(f"/settings/people/{cast.ada.pk}/deputies/", form)
    assert Role.PRODUCT_OWNER in cast.actor("max").roles
    appointed = Deputy.objects.get()
    stranger = cast.sign_in(Client(), "eve")
    assert stranger.post(f"/settings/deputies/{appointed.pk}/end/").status_code == 403
    client.post(f"/settings/deputies/{appointed.pk}/end/")
    assert Role.PRODUCT_OWNER not in cast.actor("max").roles


def test_a_key_is_shown_once_and_revoked_from_the_page(fresh_root: Client) -> None:
    form = {"name": "shop", "scopes": ["consent:check"], "days": "30", "systems": ""}
    shown = fresh_root.post("/settings/keys/", form)
    key = ApiKey.objects.get()
    secret = next(part for part in shown.context["secret"].split() if part)
    assert secret in shown.content.decode()
    assert selectors.find_live_key(secret) == key
    assert secret not in fresh_root.get("/settings/keys/").content.decode()
    fresh_root.post(f"/settings/keys/{key.pk}/revoke/")
    assert selectors.find_live_key(secret) is None


def test_an_auditor_reads_keys_and_makes_none(client: Client, cast: Cast) -> None:
    prove(cast.sign_in(client, "aud"), cast.aud)
    form = {"name": "shop", "scopes": ["consent:check"], "days": "30"}
    assert client.post("/settings/keys/", form).status_code == 403
    assert "Make a key" not in client.get("/settings/keys/").content.decode()
    assert not ApiKey.objects.exists()


def test_text_of_people_is_shown_as_text(fresh_root: Client) -> None:
    services.create_user(
        email="x@example.org", name="<script>alert(1)</script>", password=None, actor=STAGE
    )
    assert "<script>alert(1)" not in fresh_root.get("/settings/").content.decode()


def test_the_list_of_people_costs_the_same_for_few_and_many(fresh_root: Client, cast: Cast) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost() -> int:
        fresh_root.get("/settings/")
        with CaptureQueriesContext(connection) as queries:
            assert fresh_root.get("/settings/").status_code == 200
        return len(queries)

    few = cost()
    for number in range(15):
        user = services.create_user(
            email=f"p{number}@example.org", name="P", password=None, actor=STAGE
        )
        services.assign_role(user=user, role=Role.AUDITOR, actor=STAGE)
    assert cost() == few
    assert few <= 15
    assert SignIn.objects.filter(user=cast.root).count() == 1
