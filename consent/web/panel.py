"""The consent tab of a system's page: rates of the purposes it serves."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string

from consent import selectors
from governance.people.actors import request_actor
from governance.registry.models import System
from methods.statistics.proportions import wilson


def show_consent(request: HttpRequest, system: System) -> str:
    """Render the tab; empty for who may not see consent rates."""
    actor = request_actor(request)
    keys = set(system.purposes.values_list("key", flat=True))
    keys |= set(system.surfaces.values_list("purposes__key", flat=True))
    rows = [
        {"rate": rate, "interval": wilson(rate.consent, rate.chose) if rate.chose else None}
        for rate in selectors.consent_rates(actor)
        if rate.purpose.key in keys
    ]
    return render_to_string("consent/panel.html", {"rows": rows, "system": system}, request)
