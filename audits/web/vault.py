"""Pages of the attribute vault: what is held, why, until when, who read it. Values never show."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from audits import selectors
from audits.vault import attributes, loading
from audits.vault.rules import why_not_usable
from audits.web.uploading import uploaded
from audits.web.vault_forms import AttributeForm, RenewalForm, end_of
from governance.core.clock import database_now
from governance.core.errors import DomainError, Invalid, NotFound
from governance.core.pagination import keyset_page
from governance.people.actors import request_actor
from governance.people.web.access import requires


@requires("audits.vault_view")
def attribute_list(request: HttpRequest) -> HttpResponse:
    """Which protected attributes are held, on which grounds, until when."""
    actor = request_actor(request)
    now = database_now()
    rows = [
        {
            "attribute": one,
            "problem": why_not_usable(
                one, system_key=one.systems[0] if one.systems else "", now=now
            ),
            "plans": len(selectors.plans_of_attribute(one, actor)),
        }
        for one in selectors.attributes_for(actor)
    ]
    context = {"rows": rows, "may_manage": actor.may("audits.vault")}
    return render(request, "audits/vault.html", context)


@requires("audits.vault")
def new_attribute(request: HttpRequest) -> HttpResponse:
    """Declare an attribute; values come afterwards."""
    actor = request_actor(request)
    form = AttributeForm(request.POST or None, actor=actor)
    if request.method == "POST" and form.is_valid():
        try:
            made = attributes.create_attribute(**form.declared(), actor=actor)
        except DomainError as problem:
            form.add_error(None, problem.sentence)
        else:
            messages.success(request, f"{made.title} is declared: now load its values.")
            return redirect("audit_vault_attribute", key=made.key)
    return render(request, "audits/vault_new.html", {"form": form})


@requires("audits.vault_view")
def attribute(request: HttpRequest, key: str) -> HttpResponse:
    """One attribute: its grounds, the plans that may join it, the access log."""
    actor = request_actor(request)
    found = selectors.find_attribute(key, actor)
    page = keyset_page(selectors.accesses_of(found), request.GET.get("cursor"), 50)
    now = database_now()
    system_key = found.systems[0] if found.systems else ""
    context = {
        "attribute": found,
        "problem": why_not_usable(found, system_key=system_key, now=now),
        "plans": selectors.plans_of_attribute(found, actor),
        "accesses": page.rows,
        "next_url": f"?cursor={page.next_cursor}" if page.next_cursor else "",
        "renewal": RenewalForm(),
        "expired": found.expires_at <= now,
        "may_manage": actor.may("audits.vault") and found.retired_at is None,
        "may_infer": actor.may("audits.vault_inferred") and found.retired_at is None,
    }
    return render(request, "audits/vault_attribute.html", context)


@require_POST
@requires("audits.vault")
def load(request: HttpRequest, key: str) -> HttpResponse:
    """Take values in from a file of (subject, value)."""
    actor = request_actor(request)
    found = selectors.find_attribute(key, actor)
    try:
        with uploaded(request) as (path, _, media_type):
            held = loading.load_values(
                attribute=found,
                data=path,
                media_type=media_type,
                replace=bool(request.POST.get("replace")),
                why=request.POST.get("why", ""),
                actor=actor,
            )
        messages.success(request, f"{held:,} people have a value of {found.title.lower()} now.")
    except DomainError as problem:
        messages.error(request, problem.sentence)
    return redirect("audit_vault_attribute", key=key)


@require_POST
@requires("audits.vault")
def step(request: HttpRequest, key: str, act: str) -> HttpResponse:
    """Renew, empty or retire an attribute, or let a plan join it."""
    actor = request_actor(request)
    found = selectors.find_attribute(key, actor)
    reason = request.POST.get("reason", "")
    try:
        if act == "renew":
            form = RenewalForm(request.POST)
            if not form.is_valid():
                raise Invalid("Give the new end and what was examined.")
            expires_at = end_of(form.cleaned_data["expires_on"])
            attributes.renew_attribute(
                attribute=found, expires_at=expires_at, reason=reason, actor=actor
            )
            said = f"{found.title} may be held until {expires_at:%d %B %Y}."
        elif act == "empty":
            removed = loading.remove_values(attribute=found, why=reason, actor=actor)
            said = f"The values of {removed:,} people are gone."
        elif act == "retire":
            attributes.retire_attribute(attribute=found, reason=reason, actor=actor)
            said = f"{found.title} is retired and its values are gone."
        elif act == "permit":
            plan = selectors.find_plan(request.POST.get("plan", ""), actor)
            attributes.permit_plan(plan=plan, attribute=found, reason=reason, actor=actor)
            said = f"{plan.title} may join {found.title.lower()} from now on."
        elif act == "revoke":
            plan = selectors.find_plan(request.POST.get("plan", ""), actor)
            attributes.revoke_permit(plan=plan, attribute=found, actor=actor)
            said = f"{plan.title} may not join {found.title.lower()} any more."
        else:
            raise NotFound(f"There is no step {act!r} of an attribute.")
        messages.success(request, said)
    except DomainError as problem:
        messages.error(request, problem.sentence)
    return redirect("audit_vault_attribute", key=key)


@require_POST
@requires("audits.vault_inferred")
def allow_inferred(request: HttpRequest, key: str) -> HttpResponse:
    """Let an inferred attribute be used, with the reason."""
    actor = request_actor(request)
    found = selectors.find_attribute(key, actor)
    try:
        attributes.allow_inferred(
            attribute=found, reason=request.POST.get("reason", ""), actor=actor
        )
        messages.success(request, f"{found.title} may be used although it is inferred.")
    except DomainError as problem:
        messages.error(request, problem.sentence)
    return redirect("audit_vault_attribute", key=key)
