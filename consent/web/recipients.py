"""The page of recipients of data: who is told of a no, what waits, who is late."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from consent.recipients import selectors, services
from governance.core.errors import DomainError, NotPermitted
from governance.outbox.webhooks.models import EndpointState, WebhookEndpoint
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry.models import Purpose

SHOWN = 50


class RecipientForm(forms.Form):
    """A new recipient."""

    name = forms.CharField(max_length=100)
    purposes = forms.MultipleChoiceField(
        label="Received data for", widget=forms.CheckboxSelectMultiple
    )
    endpoint = forms.ChoiceField(label="Told by webhook")
    confirm_hours = forms.IntegerField(
        label="Confirms within (hours)", min_value=1, max_value=720, initial=72
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        purposes, endpoints = self.fields["purposes"], self.fields["endpoint"]
        assert isinstance(purposes, forms.ChoiceField)
        assert isinstance(endpoints, forms.ChoiceField)
        purposes.choices = list(Purpose.objects.order_by("title").values_list("key", "title"))
        known = WebhookEndpoint.objects.exclude(state=EndpointState.GONE).order_by("name")
        endpoints.choices = [(str(each.pk), each.name) for each in known]


@requires("consent.view")
@require_http_methods(["GET", "POST"])
def recipients(request: HttpRequest) -> HttpResponse:
    """All recipients, those that are late in red; a privacy lead registers one."""
    actor = request_actor(request)
    form = RecipientForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.register_recipient(**form.cleaned_data, actor=actor)
        except NotPermitted:
            raise
        except DomainError as problem:
            form.add_error(None, problem.sentence)
        else:
            return redirect("consent:recipients")
    context = {
        "recipients": selectors.recipients_for(actor),
        "late": selectors.overdue_notices(actor)[:SHOWN],
        "form": form,
        "may_edit": actor.may("consent.edit_recipients"),
    }
    return render(request, "consent/recipients.html", context)
