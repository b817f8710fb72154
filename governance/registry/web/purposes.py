"""Pages of purposes and types: what people choose about, under which rules, and who uses it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone

from governance.core.errors import DomainError, NotFound
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry import services
from governance.registry.basis_warnings import RELATIONS, profile_of, warnings_of
from governance.registry.choices import LawfulBasis, Mechanism, UnknownAge
from governance.registry.models import Feature, PersonalizationType, Purpose, System
from governance.registry.ports import AgeRuleProposal, RegionRuleProposal, render_previews
from governance.registry.web.purpose_forms import (
    AgeRuleForm,
    PurposeForm,
    RegionRuleForm,
    TypeForm,
)
from governance.registry.web.rule_timeline import draw_timeline, region_name


@requires("registry.view")
def purposes(request: HttpRequest) -> HttpResponse:
    """What do people choose about?"""
    actor = request_actor(request)
    query, basis = request.GET.get("q", "").strip(), request.GET.get("basis", "")
    found = Purpose.objects.prefetch_related("types", "parent", *RELATIONS)
    if query:
        found = found.filter(Q(key__icontains=query) | Q(title__icontains=query))
    if basis in LawfulBasis.values:
        found = found.filter(lawful_basis=basis)
    now = timezone.now()
    rows = [
        {
            "purpose": purpose,
            "rules": [rule for rule in purpose.region_rules.all() if rule.holds_at(now)],
            "planned": sum(
                rule.valid_from is not None and rule.valid_from > now
                for rule in purpose.region_rules.all()
            ),
            "warnings": len(warnings_of(profile_of(purpose))),
        }
        for purpose in found
    ]
    context = {
        "types": PersonalizationType.objects.prefetch_related("purposes", "age_rules"),
        "rows": rows,
        "filtered": bool(query or basis),
        "filters": [
            {"name": "q", "label": "Search", "value": query},
            {
                "name": "basis",
                "label": "Lawful basis",
                "value": basis,
                "options": LawfulBasis.choices,
            },
        ],
        "may_edit": actor.may("registry.edit_purposes"),
    }
    return render(request, "registry/purposes.html", context)


def find_purpose(key: str) -> Purpose:
    related = ("types__age_rules", "children", *RELATIONS)
    found = Purpose.objects.select_related("parent").prefetch_related(*related)
    purpose = found.filter(key=key).first()
    if purpose is None:
        raise NotFound(f"There is no purpose {key!r}.")
    return purpose


def find_type(key: str) -> PersonalizationType:
    kind = PersonalizationType.objects.prefetch_related("purposes").filter(key=key).first()
    if kind is None:
        raise NotFound(f"There is no personalisation type {key!r}.")
    return kind


@requires("registry.view")
def purpose(request: HttpRequest, key: str) -> HttpResponse:
    """One purpose: its basis, its warnings, its rules in time, and who uses it."""
    actor = request_actor(request)
    found = find_purpose(key)
    now = timezone.now()
    systems = System.objects.for_actor(actor).filter(
        Q(purposes=found) | Q(surfaces__purposes=found)
    )
    rules = list(found.region_rules.all())
    context: dict[str, Any] = {
        "purpose": found,
        "warnings": warnings_of(profile_of(found)),
        "rules": [{"rule": rule, "when": _when(rule, now)} for rule in rules],
        "timeline": draw_timeline(rules, now),
        "ages": [
            {"type": kind, "rule": rule, "when": _when(rule, now)}
            for kind in found.types.all()
            for rule in kind.age_rules.all()
        ],
        "systems": systems.distinct(),
        "surfaces": found.surfaces.all(),
        "features": Feature.objects.for_actor(actor).filter(allowed_purposes=found),
        "may_edit": actor.may("registry.edit_purposes"),
        "facts": [
            ("Lawful basis", found.get_lawful_basis_display()),
            ("Needs access to the device", "yes" if found.needs_device_access else "no"),
            ("Global Privacy Control", "covers it" if found.gpc_covers else "does not cover it"),
            ("A yes lasts", _days(found.default_ttl_days)),
            ("Part of", found.parent.title if found.parent else "no other purpose"),
            ("Includes", ", ".join(child.title for child in found.children.all()) or "no other"),
            ("Basis of the consent record", found.get_record_basis_display()),
            ("Consent record kept for", found.record_retention),
        ],
    }
    return render(request, "registry/purpose.html", context)


def _days(days: int | None) -> str:
    return f"{days:,} days at most" if days else "without an end"


def _when(rule: Any, now: Any) -> str:
    if rule.holds_at(now):
        return "now"
    return "planned" if rule.valid_from and rule.valid_from > now else "ended"


@requires("registry.edit_purposes")
def edit_purpose(request: HttpRequest, key: str | None = None) -> HttpResponse:
    """Register or edit a purpose; approvals of the systems that use it become stale."""
    actor = request_actor(request)
    found = find_purpose(key) if key else None
    form = PurposeForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        new_key = given.pop("key")
        try:
            if found is None:
                saved = services.register_purpose(key=new_key, actor=actor, **given)
                words = "Registered. It needs a yes everywhere; next: say where that differs."
            else:
                saved = services.update_purpose(purpose=found, actor=actor, **given)
                words = "Saved. Approvals that cover what changed are stale."
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, words)
            return redirect("purpose", saved.key)
    return _form(request, form, found, "purpose", "Register a purpose")


@requires("registry.edit_purposes")
def set_rule(request: HttpRequest, key: str) -> HttpResponse:
    """Say how people choose about a purpose in a region, from now or later on."""
    found = find_purpose(key)
    form = RegionRuleForm(request.POST or None, initial={"region": request.GET.get("region", "")})
    title = f"How people choose about {found.title}"
    if request.method == "POST" and "preview" in request.POST:
        shown = _rule_preview(request, found)
        if request.headers.get("HX-Request"):
            return HttpResponse(shown)
        form = RegionRuleForm(initial=request.POST.dict())
        return _form(request, form, found, "purpose", title, title=title, shown=shown)
    if request.method == "POST" and form.is_valid():
        try:
            services.set_region_rule(
                purpose=found, actor=request_actor(request), **form.cleaned_data
            )
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "The rule is set. What held before stays as it was.")
            return redirect("purpose", found.key)
    follows = "#id_region, #id_regime"
    return _form(request, form, found, "purpose", title, title=title, follows=follows)


def _rule_preview(request: HttpRequest, purpose: Purpose) -> str:
    """What the rule in the form would do; a part that is not filled in yet does nothing."""
    region, regime = request.POST.get("region", "").strip(), request.POST.get("regime", "")
    if not region or regime not in Mechanism.values:
        return render_to_string("registry/preview_waits.html", request=request)
    return render_previews(request, RegionRuleProposal(purpose, region, regime))


@requires("registry.edit_purposes")
def end_rule(request: HttpRequest, key: str) -> HttpResponse:
    """Let a region's rule end now; the wider region's rule has the say from then on."""
    found = find_purpose(key)
    region = request.POST.get("region", "")
    if request.method == "POST":
        try:
            services.end_region_rule(purpose=found, region=region, actor=request_actor(request))
        except DomainError as refusal:
            messages.error(request, refusal.sentence)
        else:
            messages.success(request, f"The rule of {region_name(region)} has ended.")
    return redirect("purpose", found.key)


@requires("registry.edit_purposes")
def set_age(request: HttpRequest, key: str) -> HttpResponse:
    """Say from which age a type is open in a region."""
    kind = find_type(key)
    form = AgeRuleForm(request.POST or None)
    title = f"From which age: {kind.title}"
    if request.method == "POST" and "preview" in request.POST:
        shown = _age_preview(request, kind)
        if request.headers.get("HX-Request"):
            return HttpResponse(shown)
        form = AgeRuleForm(initial=request.POST.dict())
        return _form(request, form, None, "", "", title=title, shown=shown)
    if request.method == "POST" and form.is_valid():
        try:
            services.set_age_rule(type=kind, actor=request_actor(request), **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "The age rule is set. What held before stays as it was.")
            return redirect("purposes")
    follows = "#id_region, #id_minimum_age, #id_unknown_age"
    return _form(request, form, None, "", "", title=title, follows=follows)


def _age_preview(request: HttpRequest, kind: PersonalizationType) -> str:
    region, age = request.POST.get("region", "").strip(), request.POST.get("minimum_age", "")
    unknown = request.POST.get("unknown_age", "")
    if not region or not age.isdecimal() or len(age) > 2 or unknown not in UnknownAge.values:
        return render_to_string("registry/preview_waits.html", request=request)
    return render_previews(request, AgeRuleProposal(kind, region, int(age), unknown))


@requires("registry.edit_purposes")
def edit_type(request: HttpRequest, key: str | None = None) -> HttpResponse:
    """Register or edit a toggle that people see."""
    actor = request_actor(request)
    found = find_type(key) if key else None
    form = TypeForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        given = {**form.cleaned_data, "purposes": list(form.cleaned_data["purposes"])}
        new_key = given.pop("key")
        try:
            if found is None:
                services.register_type(key=new_key, actor=actor, **given)
            else:
                services.update_type(type=found, actor=actor, **given)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "Saved. People see it in the preference centre.")
            return redirect("purposes")
    title = f"Edit {found.title}" if found else "Register a type"
    return _form(request, form, None, "", "", title=title)


def _form(
    request: HttpRequest,
    form: Any,
    found: Purpose | None,
    back: str,
    fresh: str,
    *,
    title: str = "",
    follows: str = "",
    shown: str = "",
) -> HttpResponse:
    at_purpose = found is not None and back == "purpose"
    context = {
        "form": form,
        "title": title or (f"Edit {found.title}" if found else fresh),
        "note": "Saving a change makes approvals of every system that uses it stale."
        if at_purpose or title
        else "",
        "follows": follows,
        "preview": shown,
        "back": f"/register/purposes/{found.key}/" if found else "/register/purposes/",
        "back_label": found.title if found else "Purposes and types",
    }
    return render(request, "registry/form.html", context)
