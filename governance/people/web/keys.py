"""Settings page of API keys: list, create (the secret is shown once), revoke."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from governance.core.errors import Invalid
from governance.people import selectors, services
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.people.web.forms import ApiKeyForm
from governance.people.web.fresh import freshly_proven
from governance.people.web.tabs import tabs


@never_cache
@requires("keys.view")
@freshly_proven
def keys(request: HttpRequest) -> HttpResponse:
    """All keys; creating one answers this very page with its secret, which is kept nowhere."""
    actor = request_actor(request)
    form = ApiKeyForm(request.POST or None)
    secret = None
    if request.method == "POST" and form.is_valid():
        try:
            _, secret = services.create_api_key(
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                expires_at=form.expires_at(),
                system_keys=form.system_keys(),
                actor=actor,
            )
        except Invalid as problem:
            form.add_error(None, problem.sentence)
        else:
            form = ApiKeyForm()
    context = {
        "keys": selectors.keys_for(actor),
        "form": form,
        "secret": secret,
        "now": timezone.now(),
        **tabs(request, "keys"),
        "may_edit": actor.may("keys.edit"),
    }
    return render(request, "people/keys.html", context)


@require_POST
@requires("keys.edit")
def revoke(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Revoke at once; no proof of identity is asked, for this is the safe direction."""
    actor = request_actor(request)
    key = get_object_or_404(selectors.keys_for(actor), pk=pk)
    services.revoke_api_key(key=key, actor=actor)
    messages.success(request, f"The key {key.name} ({key.prefix}) is refused from now on.")
    return redirect("people:keys")
