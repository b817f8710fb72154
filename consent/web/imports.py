"""The pages of imports: upload with a mapping, dry run with its differences, progress, errors."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent import services
from consent.choices import ImportState
from consent.importing.presets import FIELDS, PRESETS
from consent.models import ImportBatch
from consent.services.imports import errors_of
from governance.core.errors import DomainError
from governance.people.actors import request_actor
from governance.people.web.access import requires

SHOWN = 50


@requires("consent.import")
@never_cache
@require_http_methods(["GET", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """Every import, and the form of a new one."""
    context: dict[str, Any] = {
        "batches": ImportBatch.objects.order_by("-id")[:SHOWN],
        "presets": PRESETS.values(),
        "fields": [(name, request.POST.get(f"column-{name}", "")) for name in FIELDS],
        "preset": request.POST.get("preset", "tactful"),
    }
    if request.method == "POST":
        try:
            batch = _start(request)
        except DomainError as refusal:
            messages.error(request, refusal.sentence)
            return render(request, "consent/imports.html", context, status=refusal.status)
        return HttpResponseRedirect(reverse("consent:import", args=[batch.pk]))
    return render(request, "consent/imports.html", context)


def _start(request: HttpRequest) -> ImportBatch:
    upload = request.FILES.get("file")
    with tempfile.NamedTemporaryFile() as held:
        if upload is not None:
            for part in upload.chunks():
                held.write(part)
        held.flush()
        return services.start_import(
            source=Path(held.name),
            file_name=str(upload.name) if upload is not None else "",
            preset=request.POST.get("preset", ""),
            mapping={name: request.POST.get(f"column-{name}", "").strip() for name in FIELDS},
            dry_run=request.POST.get("dry_run") == "1",
            enqueue=True,
            actor=request_actor(request),
        )


@requires("consent.import")
@never_cache
@require_GET
def import_detail(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """One import: how far it is, what it changed or would change, what it refused."""
    batch = get_object_or_404(ImportBatch, pk=batch_id)
    moves = [
        (*move.partition(": ")[::2], times) for move, times in sorted(batch.differences.items())
    ]
    context = {
        "batch": batch,
        "moves": moves,
        "running": batch.state in (ImportState.READY, ImportState.RUNNING),
        "preset": PRESETS.get(batch.preset),
        "may_apply": batch.dry_run
        and batch.state == ImportState.DONE
        and Path(batch.path).is_file(),
    }
    return render(request, "consent/import.html", context)


@requires("consent.import")
@require_POST
def import_apply(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Do what a dry run showed, from the very file it read."""
    tried = get_object_or_404(ImportBatch, pk=batch_id, dry_run=True)
    try:
        batch = services.start_import(
            source=Path(tried.path),
            file_name=tried.file_name,
            preset=tried.preset,
            mapping=tried.mapping,
            enqueue=True,
            actor=request_actor(request),
        )
    except (DomainError, FileNotFoundError) as refusal:
        messages.error(request, getattr(refusal, "sentence", "The file is gone: upload it again."))
        return HttpResponseRedirect(reverse("consent:import", args=[tried.pk]))
    return HttpResponseRedirect(reverse("consent:import", args=[batch.pk]))


@requires("consent.import")
@require_GET
def import_errors(request: HttpRequest, batch_id: UUID) -> FileResponse:
    """The refused rows: line and sentence."""
    batch = get_object_or_404(ImportBatch, pk=batch_id)
    path = errors_of(batch)
    if not path.is_file():
        raise Http404("No row was refused.")
    return FileResponse(path.open("rb"), as_attachment=True, filename="refused-rows.csv")
