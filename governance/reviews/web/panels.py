"""What reviews add to the registry's pages: the tab "Can I ship?" and the age of approvals."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string

from governance.people.actors import request_actor
from governance.registry.models import System
from governance.reviews.choices import ApprovalState
from governance.reviews.models import Approval
from governance.reviews.web.pages import ship_context


def ship_panel(request: HttpRequest, system: System) -> str:
    """The gate's answer for the version that serves, else for the newest one."""
    version = system.serving_version or system.versions.order_by("-created_at").first()
    context = {"system": system, "version": version}
    if version is not None:
        version.system = system
        context |= ship_context(version, request_actor(request))
    return render_to_string("reviews/ship_panel.html", context, request=request)


def approval_ages(systems: list[System]) -> dict[str, str]:
    """When the serving version of each system was approved, with one query."""
    serving = {one.serving_version_id: one.key for one in systems if one.serving_version_id}
    given = Approval.objects.filter(version__in=serving, state=ApprovalState.APPROVED)
    ages = dict.fromkeys((one.key for one in systems), "none")
    for version_id, decided_at in given.order_by("decided_at").values_list("version", "decided_at"):
        ages[serving[version_id]] = f"{decided_at:%-d %b %Y}"
    return ages
