"""The desk where colleagues answer people's complaints."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from consent.models import Complaint
from consent.selectors import people
from consent.services.complaints import answer_complaint
from governance.core.clock import database_now
from governance.core.errors import DomainError
from governance.core.pagination import keyset_page
from governance.people.actors import request_actor
from governance.people.web.access import requires

ACTION = "consent.answer_complaints"


@requires(ACTION)
@require_GET
def complaints(request: HttpRequest) -> HttpResponse:
    """Complaints that wait, the first due first; the answered ones below."""
    actor = request_actor(request)
    answered = keyset_page(
        Complaint.objects.exclude(answered_at=None), request.GET.get("cursor", ""), 20
    )
    context = {
        "waiting": people.open_complaints(actor)[:200],
        "answered": answered,
        "now": database_now(),
    }
    return render(request, "consent/complaints.html", context)


@requires(ACTION)
@require_http_methods(["GET", "POST"])
def complaint(request: HttpRequest, complaint_id: UUID) -> HttpResponse:
    """One complaint: read it, and answer it once."""
    found = get_object_or_404(Complaint, pk=complaint_id)
    typed = request.POST.get("answer", "")
    status = 200
    if request.method == "POST":
        try:
            answer_complaint(complaint=found, answer=typed, actor=request_actor(request))
        except DomainError as refusal:
            messages.error(request, refusal.sentence)
            found.refresh_from_db()
            status = refusal.status
        else:
            messages.success(request, "Answered. The person reads it on their own page.")
            return HttpResponseRedirect(reverse("consent:complaints"))
    context = {"complaint": found, "typed": typed, "now": database_now()}
    return render(request, "consent/complaint.html", context, status=status)
