"""Settings pages about people: list, one person, roles, systems, deputies, permission table."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from governance.core.errors import Conflict, Invalid
from governance.people import selectors, services
from governance.people.actors import request_actor
from governance.people.choices import Role
from governance.people.models import Deputy, User
from governance.people.permissions import declared_actions
from governance.people.web.access import requires
from governance.people.web.forms import DeputyForm, MemberForm, PersonForm, RoleForm
from governance.people.web.fresh import (
    freshly_proven,
    freshly_proven_to_open,
    is_stale,
    prove_first,
)
from governance.people.web.tabs import tabs


@requires("account.view")
def overview(request: HttpRequest) -> HttpResponse:
    """People for those who may see them; everybody else lands on their own account."""
    actor = request_actor(request)
    if not actor.may("people.view"):
        return redirect("people:account")
    query, role = request.GET.get("q", "").strip(), request.GET.get("role", "")
    found = selectors.search_people(actor, query=query, role=role)
    context = {
        "people": found,
        "filters": [
            {"name": "q", "label": "Name or address", "value": query},
            {"name": "role", "label": "Role", "options": Role.choices, "value": role},
        ],
        **tabs(request, "people"),
    }
    return render(request, "people/people.html", context)


@requires("people.edit")
@freshly_proven_to_open
def add_person(request: HttpRequest) -> HttpResponse:
    """Add a person with their roles; both or nothing."""
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actor, given = request_actor(request), form.cleaned_data
        try:
            with transaction.atomic():
                user = services.create_user(
                    email=given["email"],
                    name=given["name"],
                    password=given["password"],
                    zone=given["zone"],
                    actor=actor,
                )
                for role in given["roles"]:
                    services.assign_role(user=user, role=role, actor=actor)
        except (Conflict, Invalid) as problem:
            form.add_error(None, problem.sentence)
        else:
            messages.success(request, f"{user.name} can sign in now.")
            return redirect("people:person", pk=user.pk)
    return render(request, "people/add_person.html", {"form": form, **tabs(request, "people")})


def _visible(request: HttpRequest, pk: UUID) -> User:
    return get_object_or_404(selectors.people_for(request_actor(request)), pk=pk)


@requires("account.view")
def person(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One person: roles, systems, deputies, open sessions."""
    actor, user = request_actor(request), _visible(request, pk)
    own = actor.reference == user.reference
    roles = list(user.role_assignments.order_by("role"))
    standing: QuerySet[Deputy] = Deputy.objects.filter(ends_at__gt=Now())
    context = {
        "person": user,
        "roles": roles,
        "memberships": user.memberships.order_by("system_key"),
        "deputies": standing.filter(principal=user).select_related("deputy"),
        "deputy_for": standing.filter(deputy=user).select_related("principal"),
        "sign_ins": selectors.sign_ins_for(actor).filter(user=user),
        "role_form": RoleForm(),
        "member_form": MemberForm(),
        "deputy_form": DeputyForm(user) if roles else None,
        "may_appoint": actor.may("people.edit") or own,
        **tabs(request, "account" if own else "people"),
    }
    return render(request, "people/person.html", context)


@require_POST
@requires("people.edit")
@freshly_proven
def give_role(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = _visible(request, pk)
    services.assign_role(user=user, role=request.POST.get("role", ""), actor=request_actor(request))
    messages.success(request, f"{user.name} has the role now.")
    return redirect("people:person", pk=pk)


@require_POST
@requires("people.edit")
@freshly_proven
def take_role(request: HttpRequest, pk: UUID, role: str) -> HttpResponse:
    user = _visible(request, pk)
    services.remove_role(user=user, role=role, actor=request_actor(request))
    messages.success(request, f"{user.name} no longer has the role.")
    return redirect("people:person", pk=pk)


@require_POST
@requires("people.edit")
def add_system(request: HttpRequest, pk: UUID) -> HttpResponse:
    user, key = _visible(request, pk), request.POST.get("system_key", "").strip()
    services.add_member(user=user, system_key=key, actor=request_actor(request))
    messages.success(request, f"{user.name} sees {key} now.")
    return redirect("people:person", pk=pk)


@require_POST
@requires("people.edit")
def remove_system(request: HttpRequest, pk: UUID, system_key: str) -> HttpResponse:
    user = _visible(request, pk)
    services.remove_member(user=user, system_key=system_key, actor=request_actor(request))
    messages.success(request, f"{user.name} no longer sees {system_key}.")
    return redirect("people:person", pk=pk)


@require_POST
@requires("account.view")
@freshly_proven
def add_deputy(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The person or an administrator names a deputy."""
    principal = _visible(request, pk)
    form = DeputyForm(principal, request.POST)
    if not form.is_valid():
        messages.error(request, "Choose a deputy, a role, the last day and a reason.")
        return redirect("people:person", pk=pk)
    services.appoint_deputy(
        principal=principal,
        deputy=form.cleaned_data["deputy"],
        role=form.cleaned_data["role"],
        ends_at=form.ends_at(principal),
        reason=form.cleaned_data["reason"],
        actor=request_actor(request),
    )
    messages.success(request, f"{form.cleaned_data['deputy']} deputises for {principal}.")
    return redirect("people:person", pk=pk)


@require_POST
@requires("account.view")
def end_deputyship(request: HttpRequest, pk: UUID) -> HttpResponse:
    deputyship = get_object_or_404(Deputy.objects.select_related("principal", "deputy"), pk=pk)
    services.end_deputy(deputy=deputyship, actor=request_actor(request))
    messages.success(request, f"{deputyship.deputy} no longer deputises.")
    return redirect("people:person", pk=deputyship.principal_id)


@require_POST
@requires("people.edit")
@freshly_proven
def change_state(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Shut a person out at once, or let them in again."""
    user, active = _visible(request, pk), request.POST.get("active") == "1"
    services.set_active(user=user, active=active, actor=request_actor(request))
    words = "can sign in again" if active else "is shut out; their sessions ended"
    messages.success(request, f"{user.name} {words}.")
    return redirect("people:person", pk=pk)


@require_POST
@requires("people.edit")
def new_password(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A new password for a person who lost theirs."""
    if is_stale(request):
        return prove_first(request, back=reverse("people:person", args=[pk]))
    user, password = _visible(request, pk), request.POST.get("password", "")
    services.reset_password(user=user, password=password, actor=request_actor(request))
    messages.success(request, f"{user.name} has a new password; their sessions ended.")
    return redirect("people:person", pk=pk)


@require_POST
@requires("people.edit")
@freshly_proven
def new_second_factor(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take away a lost second factor."""
    user = _visible(request, pk)
    services.reset_second_factor(user=user, actor=request_actor(request))
    messages.success(request, f"{user.name} sets up a new second factor at the next sign-in.")
    return redirect("people:person", pk=pk)


@requires("account.view")
def permission_table(request: HttpRequest) -> HttpResponse:
    """Who may do what: the very table the code asks."""
    rows = [(action, [role in action.roles for role in Role]) for action in declared_actions()]
    context = {"rows": rows, "roles": [role.label for role in Role]}
    context |= tabs(request, "permissions")
    return render(request, "people/permissions.html", context)
