"""The doors of web views: marks, refusals as pages, what core's middleware gives to all."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from governance.core.actors import SystemActor
from governance.core.errors import Conflict, NotFound, NotPermitted, PreconditionFailed
from governance.core.web.access import public_route, requires
from governance.core.web.errors import DomainErrorPages


@requires("thing.view")
def guarded(request: HttpRequest) -> HttpResponse:
    return HttpResponse("inside")


class Nobody(SystemActor):
    def may(self, action: str) -> bool:
        return False


def ask(actor: SystemActor | None) -> HttpResponse:
    request = RequestFactory().get("/thing/?a=1")
    request.actor = actor  # type: ignore[attr-defined]
    return guarded(request)


def test_a_view_is_for_those_who_may() -> None:
    assert ask(SystemActor("test")).content == b"inside"
    anonymous = ask(None)
    assert anonymous.status_code == 302
    assert anonymous["Location"].endswith("?next=/thing/%3Fa%3D1")
    with pytest.raises(NotPermitted, match=r"^Your roles do not open this page"):
        ask(Nobody("test"))
    assert guarded.route_permission == "thing.view"  # type: ignore[attr-defined]


def test_an_open_view_says_why() -> None:
    @public_route("A regulator reads it.")
    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse("open")

    assert page.route_permission == "public"  # type: ignore[attr-defined]
    assert page.public_reason == "A regulator reads it."  # type: ignore[attr-defined]


@pytest.mark.parametrize("problem", [NotPermitted, NotFound, Conflict, PreconditionFailed])
def test_a_refusal_is_a_page_with_its_sentence(problem: type[Conflict]) -> None:
    middleware = DomainErrorPages(lambda request: HttpResponse())
    refusal = problem("The <b>hold</b> was lifted meanwhile; look again.")
    page = middleware.process_exception(RequestFactory().get("/x/"), refusal)
    assert page is not None
    assert page.status_code == problem.status
    shown = page.content.decode()
    assert "The &lt;b&gt;hold&lt;/b&gt; was lifted meanwhile" in shown
    assert "<html" in shown
    fragment = middleware.process_exception(
        RequestFactory().get("/x/", headers={"HX-Request": "true"}), refusal
    )
    assert fragment is not None
    assert "<html" not in fragment.content.decode()
    assert middleware.process_exception(RequestFactory().get("/x/"), ValueError()) is None


@pytest.mark.django_db
def test_the_description_of_the_api_opens_under_the_strict_policy(client: Client) -> None:
    page = client.get("/api/v1/docs/")
    assert page.status_code == 200
    assert "unsafe" not in page["Content-Security-Policy"]
    assert "<script>" not in page.content.decode()
