"""What a hold or a change of rules would do, as the register's own pages show it."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string

from governance.people.actors import request_actor
from governance.registry.ports import HoldProposal, PauseProposal, Proposal
from incidents.impact.preview import preview


def preview_panel(request: HttpRequest, proposal: Proposal) -> str:
    """Whom it touches, what they get instead, and what each serving target will do."""
    context = {
        "preview": preview(proposal, request_actor(request)),
        "is_hold": isinstance(proposal, (HoldProposal, PauseProposal)),
    }
    return render_to_string("incidents/preview.html", context, request=request)
