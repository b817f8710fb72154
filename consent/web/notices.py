"""Pages of notices for colleagues: versions, a new one from the last, preview, publication."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent import services
from consent.choices import Language
from consent.models import NoticeText, NoticeVersion
from consent.readability import readability_of
from consent.selectors.notices import (
    compare_texts,
    current_versions,
    find_notice,
    notices_for,
    servings_of,
    version_before,
)
from consent.web.notice_form import NoticeForm
from governance.core.clock import database_now
from governance.core.errors import DomainError
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry.models import Purpose

SHOWN = 200


@requires("consent.view")
@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    """What were people told?"""
    actor = request_actor(request)
    current = current_versions(actor)
    context = {
        "versions": notices_for(actor)[:SHOWN],
        "current": {version.key for version in current.values()},
        "untold": Purpose.objects.filter(state="published").exclude(key__in=current),
        "may_publish": actor.may("consent.publish_notice"),
    }
    return render(request, "consent/notices.html", context)


def _readings(version: NoticeVersion) -> list[dict[str, Any]]:
    """Each language with the scores of its two layers."""
    return [
        {
            "text": text,
            "layers": [
                (name, readability_of(layer, text.language))
                for name, layer in (("Short notice", text.short), ("Full notice", text.body))
            ],
        }
        for text in version.texts.all()
    ]


def _comparison(version: NoticeVersion, before: NoticeVersion | None) -> list[dict[str, Any]]:
    """What changed in each language; a language that is new is new as a whole."""
    if before is None:
        return []
    old = {text.language: text for text in before.texts.all()}
    return [
        {
            "text": text,
            "layers": [
                (name, compare_texts(_layer(old.get(text.language), field), getattr(text, field)))
                for name, field in (("Title", "title"), ("Short", "short"), ("Full", "body"))
            ],
        }
        for text in version.texts.all()
    ]


def _layer(text: NoticeText | None, field: str) -> str:
    return str(getattr(text, field)) if text else ""


@requires("consent.view")
@require_GET
def notice(request: HttpRequest, key: str) -> HttpResponse:
    """One version: what it says, how easily, what changed, who saw it; publish a draft."""
    actor = request_actor(request)
    found = find_notice(key, actor)
    before = version_before(found)
    covered = [purpose.title for purpose in found.purposes.all()]
    context = {
        "version": found,
        "before": before,
        "readings": _readings(found),
        "comparison": _comparison(found, before),
        "servings": servings_of(found),
        "may_publish": actor.may("consent.publish_notice"),
        "facts": [
            ("Tells of", ", ".join(covered) or "no purpose yet"),
            (
                "Change",
                "material: people who consented are asked again"
                if found.material
                else "not material: earlier consents stand",
            ),
            ("What changed", found.change_note),
            ("Steps to accept", str(found.steps_to_accept)),
            ("Steps to refuse", str(found.steps_to_refuse)),
            ("Both choices stand on the", found.get_accept_layer_display().lower()),
        ],
    }
    return render(request, "consent/notice.html", context)


@requires("consent.view")
@require_GET
def preview(request: HttpRequest, key: str) -> HttpResponse:
    """The notice exactly as the person sees it, in one of its languages."""
    found = find_notice(key, request_actor(request))
    texts = {text.language: text for text in found.texts.all()}
    language = request.GET.get("lang", "")
    if language not in texts:
        language = Language.ENGLISH if Language.ENGLISH in texts else next(iter(texts), "en")
    context = {
        "version": found,
        "text": texts.get(language),
        "page_language": language,
        "others": [text for text in texts.values() if text.language != language],
        "full": "Der ganze Hinweis" if language == Language.GERMAN else "The full notice",
    }
    return render(request, "consent/notice_preview.html", context)


@requires("consent.publish_notice")
@require_http_methods(["GET", "POST"])
def edit_notice(request: HttpRequest, key: str | None = None) -> HttpResponse:
    """Write a new draft, filled with the last version, or change a draft."""
    actor = request_actor(request)
    found = find_notice(key, actor) if key else None
    if found is not None and found.is_published:
        messages.error(request, "A published notice stays as people saw it. Write a new version.")
        return HttpResponseRedirect(reverse("consent:notice", args=[found.key]))
    last = found or notices_for(actor).filter(published_at__isnull=False).first()
    form = NoticeForm(
        request.POST or None,
        version=found,
        last=last,
        proposed=f"{database_now():%Y-%m-%d}",
    )
    if request.method == "POST" and form.is_valid():
        given = form.declared()
        try:
            if found is None:
                made = services.draft_notice(key=form.cleaned_data["key"], actor=actor, **given)
            else:
                made = services.change_draft(version=found, actor=actor, **given)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "The draft is saved. Nobody sees it before you publish it.")
            return HttpResponseRedirect(reverse("consent:notice", args=[made.key]))
    context = {
        "form": form,
        "title": f"Edit the draft {found.key}" if found else "Write a new version",
        "note": f"It starts from {last.key}, the version people see now."
        if last and not found
        else "",
        "back": reverse("consent:notices"),
        "back_label": "Notices",
    }
    return render(request, "registry/form.html", context)


@requires("consent.publish_notice")
@require_POST
def publish(request: HttpRequest, key: str) -> HttpResponse:
    """Publish a draft; it never changes again."""
    actor = request_actor(request)
    try:
        services.publish_draft(version=find_notice(key, actor), actor=actor)
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, "Published. People see it from now on.")
    return HttpResponseRedirect(reverse("consent:notice", args=[key]))


@requires("consent.publish_notice")
@require_POST
def discard(request: HttpRequest, key: str) -> HttpResponse:
    """Throw a draft away."""
    actor = request_actor(request)
    try:
        services.discard_draft(version=find_notice(key, actor), actor=actor)
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
        return HttpResponseRedirect(reverse("consent:notice", args=[key]))
    messages.success(request, "The draft is gone. Nobody had seen it.")
    return HttpResponseRedirect(reverse("consent:notices"))
