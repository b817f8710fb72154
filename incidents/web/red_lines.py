"""Red lines of systems: which are drawn, where their signals stand, and a form for another."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from governance.core.actors import Actor
from governance.core.errors import DomainError
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry.models import System
from governance.registry.selectors import systems_for
from governance.signals.definitions import find_definition
from governance.signals.selectors import current_signal, signals_for_actor
from incidents.choices import Crossing, Kind, Severity
from incidents.selectors import red_lines_for
from incidents.services.red_lines import EDITS, draw_red_line, withdraw_red_line


class RedLineForm(forms.Form):
    """A bound on a signal, and what crossing it sets off."""

    system: forms.ModelChoiceField[System] = forms.ModelChoiceField(
        queryset=System.objects.none(), label="System"
    )
    signal = forms.ChoiceField(label="Signal", help_text="Those that carry a number today.")
    op = forms.ChoiceField(
        choices=[(">=", "at or above"), ("<=", "at or below")], label="Crossed when it is"
    )
    bound = forms.FloatField(label="this number")
    crossing = forms.ChoiceField(choices=Crossing.choices, label="Then")
    kind = forms.ChoiceField(choices=Kind.choices, label="Kind of harm")
    severity = forms.ChoiceField(choices=Severity.choices, initial=Severity.S2.value)
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), label="Why is it there?")

    def __init__(
        self, *args: Any, systems: QuerySet[System], signals: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["system"].queryset = systems  # type: ignore[attr-defined]
        self.fields["signal"].choices = signals  # type: ignore[attr-defined]


def _signals(actor: Actor) -> list[tuple[str, str]]:
    """Every visible signal with a number, as `key scope` and in words."""
    rows = signals_for_actor(actor).filter(number__isnull=False).order_by("key", "scope_key")
    return [
        (f"{row.key} {row.scope_key}", f"{find_definition(row.key).title}, {row.scope_key}")
        for row in rows
    ]


@requires("incidents.view")
def red_lines(request: HttpRequest) -> HttpResponse:
    """The lines in force with the present value of each signal."""
    actor = request_actor(request)
    form = RedLineForm(request.POST or None, systems=systems_for(actor), signals=_signals(actor))
    if request.method == "POST" and actor.may(EDITS) and form.is_valid():
        values = dict(form.cleaned_data)
        key, _, scope = values.pop("signal").partition(" ")
        try:
            line = draw_red_line(signal_key=key, scope_key=scope, actor=actor, **values)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, f"The line is drawn: {line}.")
            return redirect("red_lines")
    rows = [
        {"line": line, "reading": current_signal(line.signal_key, line.scope_key)}
        for line in red_lines_for(actor).filter(withdrawn_at=None)
    ]
    context = {"rows": rows, "form": form if actor.may(EDITS) else None}
    return render(request, "incidents/red_lines.html", context)


@require_POST
@requires(EDITS)
def withdraw(request: HttpRequest, line_id: str) -> HttpResponse:
    actor = request_actor(request)
    line = get_object_or_404(red_lines_for(actor), pk=line_id)
    try:
        withdraw_red_line(line=line, reason=request.POST.get("reason", ""), actor=actor)
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    return redirect("red_lines")
