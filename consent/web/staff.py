"""The demonstration's door to the preference centre as a test person."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from consent import services
from governance.core.actors import SystemActor
from governance.core.errors import NotPermitted
from governance.people.web.access import requires


@requires("consent.view")
@require_POST
def open_as_test_person(request: HttpRequest) -> HttpResponse:
    """Open the preference centre as a test person; in demonstration mode only."""
    if not settings.DEMO:
        raise NotPermitted("Test persons exist in demonstration mode only.")
    token, _ = services.mint_subject_token(
        subject=request.POST.get("subject", "").strip() or "test-person",
        origin=settings.PUBLIC_URL,
        ttl=timedelta(minutes=15),
        actor=SystemActor("demonstration"),
    )
    return HttpResponseRedirect(f"{reverse('consent:preferences')}?{urlencode({'token': token})}")
