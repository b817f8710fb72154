"""Who outside is told of incidents: the list, a form for another, ending and erasing one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from governance.core.errors import DomainError
from governance.outbox.webhooks.models import EndpointState, WebhookEndpoint
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry.models import System
from governance.registry.selectors import systems_for
from incidents.choices import OUTSIDE, Audience
from incidents.communications.words import LANGUAGES
from incidents.selectors import contacts_for
from incidents.services.contacts import CHANNELS, EDITS, add_contact, end_contact


class ContactForm(forms.Form):
    """Somebody outside, and the way to them."""

    audience = forms.ChoiceField(
        choices=[(each.value, each.label) for each in OUTSIDE], label="Told as"
    )
    name = forms.CharField(max_length=120, label="Name", help_text="Such as the partner's.")
    system: forms.ModelChoiceField[System] = forms.ModelChoiceField(
        queryset=System.objects.none(), required=False, label="System"
    )
    language = forms.ChoiceField(choices=list(LANGUAGES.items()), label="Language")
    channel = forms.ChoiceField(
        choices=[(each.value, each.label) for each in CHANNELS], label="Way"
    )
    address = forms.CharField(
        required=False,
        max_length=500,
        label="Apprise address",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Such as mailtos://user:password@smtp.example.org?to=press@example.org. It is "
        "kept encrypted and not shown again.",
    )
    endpoint: forms.ModelChoiceField[WebhookEndpoint] = forms.ModelChoiceField(
        queryset=WebhookEndpoint.objects.none(), required=False, label="Webhook endpoint"
    )

    def __init__(self, *args: Any, systems: QuerySet[System], for_all: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["system"].queryset = systems  # type: ignore[attr-defined]
        self.fields["system"].required = not for_all
        if for_all:
            self.fields["system"].help_text = "Leave it empty for incidents of every system."
        self.fields["endpoint"].queryset = WebhookEndpoint.objects.exclude(  # type: ignore[attr-defined]
            state=EndpointState.GONE
        )


@requires("incidents.view")
def contacts(request: HttpRequest) -> HttpResponse:
    """Everybody outside who is told, by audience; below, a form for another."""
    actor = request_actor(request)
    may_edit = actor.may(EDITS)
    form = ContactForm(
        request.POST or None, systems=systems_for(actor), for_all=actor.system_keys is None
    )
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        endpoint = values.pop("endpoint")
        try:
            made = add_contact(**values, endpoint=endpoint.pk if endpoint else None, actor=actor)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(
                request, f"{made.name} is told from now on, also of what was sent last."
            )
            return redirect("incident_contacts")
    known = contacts_for(actor).filter(ended_at__isnull=True)
    context = {
        "groups": [
            {"key": f"contacts-{each}", "label": Audience(each).label, "contacts": rows}
            for each in OUTSIDE
            if (rows := [one for one in known if one.audience == each])
        ],
        "form": form if may_edit else None,
        "may_edit": may_edit,
    }
    return render(request, "incidents/communications_contacts.html", context)


@require_POST
@requires(EDITS)
def end(request: HttpRequest, contact_id: str) -> HttpResponse:
    actor = request_actor(request)
    contact = get_object_or_404(contacts_for(actor), pk=contact_id)
    try:
        end_contact(contact=contact, erase=request.POST.get("erase") == "1", actor=actor)
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    return redirect("incident_contacts")
