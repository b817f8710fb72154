"""Signing in: no enumeration, a throttle, second factors, sessions that end."""

from __future__ import annotations

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)
from django.conf import LazySettings
from django.conf import settings as standing
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.views.decorators.csrf import csrf_exempt

from governance.core.errors import Conflict, NotPermitted
from governance.ledger.models import LedgerEntry
from governance.people import services
from governance.people.actors import request_actor
from governance.people.choices import Role
from governance.people.models import SignIn, User
from governance.people.web.actor import AttachActor
from governance.people.web.sessions import ABSOLUTE_SECONDS, IDLE_SECONDS
from tests.cast import STAGE, Cast

PASSWORD = "seven quiet herons"
LOGIN = "/accounts/login/"
ACCOUNT = "/settings/account/"


@pytest.fixture
def quick_hashes(settings: LazySettings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def max_(db: None, quick_hashes: None) -> User:
    """Max signs in with a password alone: his role approves nothing."""
    cache.clear()
    user = services.create_user(email="max@example.org", name="Max", password=PASSWORD, actor=STAGE)
    services.assign_role(user=user, role=Role.ML_ENGINEER, actor=STAGE)
    return user


def _submit(client: Client, email: str, password: str) -> str:
    answer = client.post(LOGIN, {"login": email, "password": password})
    return f"{answer.status_code} {_without_tokens(answer.content.decode(), email)}"


def _without_tokens(page: str, email: str) -> str:
    page = re.sub(r'(name="csrfmiddlewaretoken" value=|X-CSRFToken": )"[^"]*"', "", page)
    return page.replace(email, "ADDRESS")


def _code(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def test_a_right_password_signs_in_and_changes_the_session(client: Client, max_: User) -> None:
    client.get(LOGIN)
    session = client.session
    session["planted"] = True
    session.save()
    before = client.session.session_key
    client.cookies[standing.SESSION_COOKIE_NAME] = before or ""
    answer = client.post(LOGIN, {"login": "MAX@example.org", "password": PASSWORD})
    assert answer.status_code == 302
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()
    assert client.get(ACCOUNT).status_code == 200


def test_a_wrong_password_and_an_unknown_address_look_the_same(max_: User) -> None:
    wrong = _submit(Client(), "max@example.org", "wrong wrong wrong")
    unknown = _submit(Client(), "nobody@example.org", "wrong wrong wrong")
    assert wrong == unknown
    assert wrong.startswith("200")


def test_somebody_shut_out_looks_like_nobody(max_: User) -> None:
    services.set_active(user=max_, active=False, actor=STAGE)
    shut_out = _submit(Client(), "max@example.org", PASSWORD)
    unknown = _submit(Client(), "nobody@example.org", PASSWORD)
    assert shut_out == unknown


class CountingHasher(MD5PasswordHasher):
    """Counts its work: equal work is what keeps the answers equally late."""

    algorithm = "counting"
    calls = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.calls += 1
        return super().encode(password, salt)


def test_an_unknown_address_costs_as_much_hashing_as_a_known_one(
    db: None, settings: LazySettings
) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    cache.clear()
    services.create_user(email="max@example.org", name="Max", password=PASSWORD, actor=STAGE)
    work = []
    for email in ("max@example.org", "nobody@example.org"):
        CountingHasher.calls = 0
        _submit(Client(), email, "wrong wrong wrong")
        work.append(CountingHasher.calls)
    assert work[0] == work[1] > 0


def test_guessing_is_throttled_even_for_the_right_password(max_: User) -> None:
    for _ in range(6):
        Client().post(LOGIN, {"login": "max@example.org", "password": "guess guess guess"})
    answer = Client().post(LOGIN, {"login": "max@example.org", "password": PASSWORD})
    assert answer.status_code != 302


def test_nobody_signs_up_by_themselves(client: Client, db: None, quick_hashes: None) -> None:
    client.post("/accounts/signup/", {"email": "new@example.org", "password1": PASSWORD})
    assert not User.objects.filter(email="new@example.org").exists()


@pytest.mark.parametrize("password", ["short", "password1234"])
def test_weak_passwords_are_not_accepted(db: None, password: str) -> None:
    from governance.core.errors import Invalid

    with pytest.raises(Invalid, match="password"):
        services.create_user(email="x@example.org", name="X", password=password, actor=STAGE)


def test_a_second_factor_is_asked_and_each_code_works_once(max_: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(max_, secret)
    code = _code(secret)
    first, second = Client(), Client()
    for client, status in ((first, 302), (second, 200)):
        answer = client.post(LOGIN, {"login": "max@example.org", "password": PASSWORD})
        assert answer.headers["Location"].startswith("/accounts/2fa/authenticate/")
        assert client.get(ACCOUNT).status_code == 302, "a password alone opens nothing"
        answer = client.post("/accounts/2fa/authenticate/", {"code": code})
        assert answer.status_code == status
    assert first.get(ACCOUNT).status_code == 200
    assert second.get(ACCOUNT).status_code == 302


def test_the_secret_of_a_second_factor_rests_encrypted(max_: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(max_, secret)
    stored = Authenticator.objects.get(user=max_, type="totp")
    assert secret not in str(stored.data)
    assert TOTP(stored).validate_code(_code(secret))


def test_who_approves_sets_up_a_second_factor_before_anything_else(
    client: Client, max_: User
) -> None:
    services.assign_role(user=max_, role=Role.ETHICS_REVIEWER, actor=STAGE)
    client.force_login(max_, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(ACCOUNT)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/accounts/2fa/totp/activate/"
    assert client.get("/api/v1/whoami").status_code == 403
    TOTP.activate(max_, generate_totp_secret())
    assert client.get(ACCOUNT).status_code == 200


def test_who_approves_cannot_switch_the_second_factor_off(cast: Cast) -> None:
    from allauth.mfa.adapter import get_adapter

    factor = Authenticator.objects.get(user=cast.pia, type="totp")
    assert not get_adapter().can_delete_authenticator(factor)
    services.remove_role(user=cast.pia, role=Role.PRIVACY_LEAD, actor=STAGE)
    assert get_adapter().can_delete_authenticator(factor)


@pytest.mark.parametrize(
    ("field", "age"), [("seen_at", IDLE_SECONDS), ("started_at", ABSOLUTE_SECONDS)]
)
def test_a_session_ends_when_idle_or_old(client: Client, cast: Cast, field: str, age: int) -> None:
    cast.sign_in(client, "max")
    assert client.get(ACCOUNT).status_code == 200
    session = client.session
    session[field] = time.time() - age + 5
    session.save()
    assert client.get(ACCOUNT).status_code == 200
    session = client.session
    session[field] = time.time() - age - 1
    session.save()
    answer = client.get(ACCOUNT)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(LOGIN)
    assert client.get(ACCOUNT).status_code == 302


def test_shutting_somebody_out_ends_their_next_request(client: Client, cast: Cast) -> None:
    cast.sign_in(client, "max")
    assert client.get(ACCOUNT).status_code == 200
    services.set_active(user=cast.max, active=False, actor=cast.actor("root"))
    assert client.get(ACCOUNT).status_code == 302
    assert not SignIn.objects.filter(user=cast.max).exists()


def test_people_end_their_own_sessions_and_no_one_elses(cast: Cast) -> None:
    here, there = Client(), Client()
    for browser in (here, there):
        cast.sign_in(browser, "max")
        assert browser.get(ACCOUNT).status_code == 200
    other = SignIn.objects.get(session_key=there.session.session_key)
    stranger = cast.sign_in(Client(), "aud")
    assert stranger.post(f"/settings/sessions/{other.pk}/end/").status_code == 404
    assert there.get(ACCOUNT).status_code == 200
    here.post(f"/settings/sessions/{other.pk}/end/")
    assert there.get(ACCOUNT).status_code == 302
    assert here.get(ACCOUNT).status_code == 200


def test_signing_out_ends_the_session(client: Client, cast: Cast) -> None:
    cast.sign_in(client, "max")
    client.get(ACCOUNT)
    key = client.session.session_key
    client.post("/accounts/logout/")
    assert not Session.objects.filter(session_key=key).exists()
    assert client.get(ACCOUNT).status_code == 302


def test_the_api_takes_a_browser_session_only_with_its_csrf_token(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    cast.sign_in(client, "max")
    assert client.get("/api/v1/whoami").json()["reference"] == cast.max.reference
    assert client.post("/api/v1/whoami").status_code == 403


@pytest.mark.parametrize("page", ["/accounts/password/reset/", "/accounts/email/"])
def test_no_mail_opens_an_account(client: Client, max_: User, page: str) -> None:
    answers = [
        client.post(page, {"email": email}) for email in ("max@example.org", "nobody@example.org")
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    pages = {_without_tokens(answer.content.decode(), "max@example.org") for answer in answers}
    assert len(pages) == 1
    assert "administrator" in pages.pop()


def test_the_ledger_tells_of_sign_ins_and_refusals_without_addresses(max_: User) -> None:
    _submit(Client(), "max@example.org", "wrong wrong wrong")
    _submit(Client(), "nobody@example.org", PASSWORD)
    _submit(Client(), "max@example.org", PASSWORD)
    told = LedgerEntry.objects.filter(verb__regex="sign_in_failed|signed_in").order_by("at")
    assert [(entry.verb, entry.object_id) for entry in told] == [
        ("people.sign_in_failed", str(max_.pk)),
        ("people.sign_in_failed", "unknown"),
        ("people.signed_in", str(max_.pk)),
    ]
    assert "example.org" not in str([entry.facts for entry in told])


def test_an_administrator_resets_a_lost_password_and_phone(client: Client, cast: Cast) -> None:
    cast.sign_in(client, "pia")
    assert client.get(ACCOUNT).status_code == 200
    root = cast.actor("root")
    services.reset_password(user=cast.pia, password=PASSWORD, actor=root)
    assert client.get(ACCOUNT).status_code == 302
    services.reset_second_factor(user=cast.pia, actor=root)
    cast.sign_in(client, "pia")
    answer = client.get(ACCOUNT)
    assert answer.headers["Location"] == "/accounts/2fa/totp/activate/"
    with pytest.raises(NotPermitted):
        services.reset_password(user=cast.root, password=PASSWORD, actor=cast.actor("pia"))
    with pytest.raises(Conflict):
        services.reset_second_factor(user=cast.root, actor=root)


def test_the_sign_in_of_the_demo_does_not_exist_elsewhere(client: Client, cast: Cast) -> None:
    answer = client.post("/demo/sign-in", {"email": cast.max.email})
    assert answer.status_code == 404


def test_the_demo_signs_in_its_own_people_from_this_machine_only(
    client: Client, cast: Cast, settings: LazySettings
) -> None:
    import json

    settings.DEMO = True
    listed = settings.DATA_DIR / "demo.json"
    listed.write_text(
        json.dumps({"users": [{"role": "ml_engineer", "email": cast.max.email, "password": "x"}]})
    )
    try:
        form = {"email": cast.max.email}
        far = client.post("/demo/sign-in", form, REMOTE_ADDR="203.0.113.9")
        proxied = client.post("/demo/sign-in", form, headers={"X-Forwarded-For": "203.0.113.9"})
        other = client.post("/demo/sign-in", {"email": cast.pia.email})
        assert [far.status_code, proxied.status_code, other.status_code] == [404, 404, 404]
        assert client.post("/demo/sign-in", form).status_code == 302
        assert client.get(ACCOUNT).status_code == 200
    finally:
        listed.unlink()


def test_an_approver_sets_up_a_second_factor_through_the_pages(client: Client, max_: User) -> None:
    services.assign_role(user=max_, role=Role.ETHICS_REVIEWER, actor=STAGE)
    answer = client.post(LOGIN, {"login": "max@example.org", "password": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/reauthenticate/")
    answer = client.post(answer.redirect_chain[-1][0], {"password": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == "/accounts/2fa/totp/activate/"
    secret = answer.context["form"].secret
    client.post("/accounts/2fa/totp/activate/", {"code": _code(secret)})
    assert Authenticator.objects.filter(user=max_, type="recovery_codes").exists()
    assert client.get("/accounts/2fa/recovery-codes/").status_code == 200
    assert client.get(ACCOUNT).status_code == 200


def test_a_view_without_csrf_check_never_gets_the_browsers_actor(
    rf: RequestFactory, cast: Cast
) -> None:
    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    request = rf.post("/")
    request.user = cast.max
    middleware = AttachActor(page)
    middleware(request)
    middleware.process_view(request, page, (), {})
    assert request_actor(request).reference == cast.max.reference
    middleware.process_view(request, csrf_exempt(page), (), {})
    with pytest.raises(NotPermitted):
        request_actor(request)
