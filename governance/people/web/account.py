"""The own account: roles, deputyships, open sessions; and the demo's one-click sign-in."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from governance.people import selectors, services
from governance.people.actors import request_actor
from governance.people.demo import demo_people, is_from_this_machine
from governance.people.models import User
from governance.people.web.access import public_route, requires
from governance.people.web.people import person


@requires("account.view")
def account(request: HttpRequest) -> HttpResponse:
    """The same page as any person's, for oneself."""
    assert isinstance(request.user, User)
    return person(request, request.user.pk)


@require_POST
@requires("account.view")
def end_session(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End one open session; ending the present one signs out."""
    actor = request_actor(request)
    sign_in = get_object_or_404(selectors.sign_ins_for(actor), pk=pk)
    services.end_sign_in(sign_in=sign_in, actor=actor)
    if sign_in.session_key == request.session.session_key:
        request.session.flush()
        return redirect("account_login")
    messages.success(request, "That session ended.")
    return redirect("people:person", pk=sign_in.user_id)


@public_route("tells people who lost their password or address whom to ask")
def ask_an_administrator(request: HttpRequest) -> HttpResponse:
    """Accounts are kept by administrators: no mail, no link that opens an account."""
    return render(request, "people/ask_an_administrator.html")


@require_POST
@public_route("signs in a person of the demo, in demo mode and from this machine alone")
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """One click on the sign-in page; elsewhere the route does not exist."""
    if not settings.DEMO or not is_from_this_machine(request):
        raise Http404
    email = request.POST.get("email", "")
    if email not in {found.email for found in demo_people()}:
        raise Http404
    user = get_object_or_404(User, email=email, is_active=True)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    services.note_sign_in(user=user)
    wanted = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        wanted = settings.LOGIN_REDIRECT_URL
    return redirect(wanted)
