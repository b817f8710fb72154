"""The audits tab of a system's page, as the registry's port asks for it."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string

from audits import selectors
from governance.people.actors import request_actor
from governance.registry.models import System

SHOWN = 20


def system_panel(request: HttpRequest, system: System) -> str:
    """The newest verdict of each plan and version of the system, and what its clicks say."""
    actor = request_actor(request)
    context = {
        "system": system,
        "verdicts": selectors.system_verdicts(actor, system, SHOWN),
        "plans": selectors.plans_for(actor).filter(system=system),
        "findings": selectors.findings_for(actor).filter(plan__system=system)[:5],
        "clicks": selectors.click_rates(system),
        "may_plan": actor.may("audits.plan"),
    }
    return render_to_string("audits/panel.html", context, request=request)
