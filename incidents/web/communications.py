"""Messages about an incident: begun, written, compared, read as the reader will, sent, followed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from consent.readability import readability_of
from consent.selectors.notices import compare_texts
from governance.core.actors import Actor
from governance.core.errors import DomainError, Invalid
from governance.people.actors import request_actor
from governance.people.web.access import public_route, requires
from incidents.choices import (
    FINAL_STATES,
    OUTSIDE,
    Audience,
    Channel,
    CommunicationState,
    DeliveryState,
    Stage,
)
from incidents.communications.templates import languages_for
from incidents.communications.words import LANGUAGES
from incidents.models import Communication, CommunicationDelivery, CommunicationText, Incident
from incidents.selectors import communication_by_number, incident_by_reference, public_messages
from incidents.services import communications as services
from incidents.services.deliveries import name_of, record_by_hand, retry_delivery
from incidents.services.message_texts import rendered, unready, written_texts
from incidents.services.recipients import recipients_of
from incidents.services.updates import owed_updates
from incidents.web.public import frame

READER = "a message to the public is for people who have no account; drafts are never shown"
SHOWN = 100


class MessageForm(forms.Form):
    """A subject and a text in each language the audience is written to in."""

    def __init__(self, *args: Any, audience: str, written: list[CommunicationText], **kwargs: Any):
        super().__init__(*args, **kwargs)
        have = {text.language: text for text in written}
        for language in languages_for(audience):
            text = have.get(language)
            self.fields[f"subject_{language}"] = forms.CharField(
                max_length=services.LONGEST_SUBJECT,
                label=f"Subject in {LANGUAGES[language]}",
                initial=text.subject if text else "",
                widget=forms.TextInput(attrs={"lang": language}),
            )
            self.fields[f"body_{language}"] = forms.CharField(
                max_length=services.LONGEST_BODY,
                label=f"Text in {LANGUAGES[language]}",
                initial=text.body if text else "",
                widget=forms.Textarea(attrs={"rows": 11, "lang": language}),
            )

    def texts(self) -> dict[str, tuple[str, str]]:
        values = self.cleaned_data
        names = [name.removeprefix("body_") for name in values if name.startswith("body_")]
        return {each: (values[f"subject_{each}"], values[f"body_{each}"]) for each in names}


def context_for(incident: Incident, actor: Actor) -> dict[str, Any]:
    """What the incident's page shows of messages: per audience the last word and the next due."""
    sent: dict[str, Communication] = {}
    open_: dict[str, Communication] = {}
    for one in incident.communications.order_by("number"):
        if one.state == CommunicationState.SENT:
            sent[one.audience] = one
        elif one.state != CommunicationState.DISCARDED:
            open_[one.audience] = one
    due = {update.audience: update for update in owed_updates([incident])}
    stuck = CommunicationDelivery.objects.filter(
        communication__incident=incident, state=DeliveryState.GIVEN_UP
    ).count()
    return {
        "incident": incident,
        "audiences": [
            {
                "key": key,
                "label": label,
                "last": sent.get(key),
                "open": open_.get(key),
                "update": due.get(key),
                "outside": key in OUTSIDE,
                "begins": _may_begin(incident, key, actor),
            }
            for key, label in Audience.choices
        ],
        "messages_stuck": stuck,
        "may_write_messages": actor.may(services.WRITES),
    }


def _may_begin(incident: Incident, audience: str, actor: Actor) -> bool:
    if not actor.may(services.WRITES) or (incident.drill and audience in OUTSIDE):
        return False
    return audience != Audience.REGULATOR or actor.may(services.TO_AUTHORITY)


@requires("incidents.view")
def communications(request: HttpRequest, reference: str) -> HttpResponse:
    """Who was told what, who waits for a word, and where the next message begins."""
    actor = request_actor(request)
    incident = incident_by_reference(reference, actor)
    context = {
        **context_for(incident, actor),
        "history": incident.communications.prefetch_related("texts", "deliveries")[:SHOWN],
        "over": incident.state in FINAL_STATES,
    }
    return render(request, "incidents/communications.html", context)


@require_POST
@requires(services.WRITES)
def begin(request: HttpRequest, reference: str) -> HttpResponse:
    """Begin a message to an audience, or a correction of one that was sent."""
    actor, given = request_actor(request), request.POST
    incident = incident_by_reference(reference, actor)
    try:
        if given.get("corrects", "").isdecimal():
            wrong = communication_by_number(incident, int(given["corrects"][:4]))
            made = services.correct_communication(communication=wrong, actor=actor)
        else:
            audience = given.get("audience", "")
            made = services.prepare_communication(incident=incident, audience=audience, actor=actor)
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
        return redirect("communications", incident.reference)
    return redirect("communication", incident.reference, made.number)


@requires("incidents.view")
def communication(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """One message: write it, read it as the reader will, see what changed, whom it reached."""
    actor = request_actor(request)
    found = _found(request, reference, number)
    form = None
    status = 200
    if found.state in services.OPEN and actor.may(services.WRITES):
        form = MessageForm(
            request.POST or None, audience=found.audience, written=written_texts(found)
        )
    if request.method == "POST":
        if form is None:
            raise Invalid("This message stays as it is.")
        if form.is_valid():
            try:
                services.write_communication(
                    communication=found,
                    texts=form.texts(),
                    version=_version(request),
                    actor=actor,
                )
            except DomainError as refusal:
                form.add_error(None, refusal.sentence)
                status = refusal.status
                found.refresh_from_db()
            else:
                messages.success(request, "Saved as the next version; the earlier ones stay.")
                return redirect("communication", reference, number)
        else:
            status = 422
    context = {**_context(found, actor), "form": form}
    return render(request, "incidents/communication.html", context, status=status)


def _context(found: Communication, actor: Actor) -> dict[str, Any]:
    sent = found.state == CommunicationState.SENT
    shown = (
        _as_sent(found)
        if sent
        else [(each, text.subject, text.body) for each, text in rendered(found).items()]
    )
    outside = found.audience in OUTSIDE
    return {
        "communication": found,
        "incident": found.incident,
        "previews": [
            {
                "language": each,
                "name": LANGUAGES[each],
                "subject": subject,
                "body": body,
                "readability": readability_of(body, each) if outside else None,
            }
            for each, subject, body in shown
        ],
        "missing": [] if sent else unready(found),
        "versions": _versions(found),
        "deliveries": [_row(one) for one in found.deliveries.all()],
        "meant": [] if sent else _meant(found),
        "outside": outside,
        "is_open": found.state in services.OPEN,
        "is_mine": found.proposed_by == actor.reference,
        "may_write": actor.may(services.WRITES),
        "may_approve": actor.may(services.APPROVES),
        "correction": found.corrections.exclude(state=CommunicationState.DISCARDED).first(),
    }


def _as_sent(found: Communication) -> list[tuple[str, str, str]]:
    """What was sent, in the order of the audience's languages; the database keeps another."""
    languages = [each for each in languages_for(found.audience) if each in found.released]
    texts = [(each, found.released[each]) for each in languages]
    return [(each, text["subject"], text["body"]) for each, text in texts]


def _row(one: CommunicationDelivery) -> dict[str, Any]:
    by_hand = one.channel == Channel.HAND and one.state == DeliveryState.WAITING
    return {
        "delivery": one,
        "name": "" if one.recipient.startswith("user:") else name_of(one),
        "by_hand": by_hand,
        "failed": one.state == DeliveryState.GIVEN_UP,
    }


def _meant(found: Communication) -> str:
    """Who would be told if it were sent now, in words."""
    meant = recipients_of(found.incident, found.audience)
    pages = sum(one.channel == Channel.PAGE for one in meant)
    others = len(meant) - pages
    parts = []
    if others:
        noun = "contact" if found.audience in OUTSIDE else "colleague"
        parts.append(f"{others} {noun}" if others == 1 else f"{others} {noun}s")
    if pages:
        parts.append(
            "everybody who opens their own pages for this system"
            if found.audience == Audience.PEOPLE
            else "everybody who opens the public page"
        )
    return " and ".join(parts)


def _versions(found: Communication) -> list[dict[str, Any]]:
    """Each version after the first with what it changed, the newest first."""
    by_version: dict[int, dict[str, CommunicationText]] = {}
    for text in found.texts.all():
        by_version.setdefault(text.version, {})[text.language] = text
    compared = []
    for version in sorted(by_version, reverse=True):
        texts, before = by_version[version], by_version.get(version - 1, {})
        first = next(iter(texts.values()))
        changes = [
            {
                "language": language,
                "name": LANGUAGES[language],
                "subject": compare_texts(before[language].subject, text.subject),
                "body": compare_texts(before[language].body, text.body),
            }
            for language, text in texts.items()
            if language in before
            and (before[language].subject, before[language].body) != (text.subject, text.body)
        ]
        compared.append(
            {"version": version, "by": first.written_by, "at": first.at, "changes": changes}
        )
    return compared


@require_POST
@requires("incidents.view")
def decide(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """Propose, send, hand back or throw away."""
    actor, given = request_actor(request), request.POST
    found = _found(request, reference, number)
    try:
        match given.get("step"):
            case "propose":
                services.propose_communication(communication=found, actor=actor)
                said = "Proposed. It leaves when a second person sends it."
            case "send":
                services.send_communication(
                    communication=found, version=_version(request), actor=actor
                )
                said = "Sent. Below you see whom it has reached."
            case "return":
                reason = given.get("reason", "")
                services.return_communication(communication=found, reason=reason, actor=actor)
                said = "Handed back to its writers."
            case "discard":
                services.discard_communication(communication=found, actor=actor)
                said = "Thrown away. Nobody was told."
            case _:
                raise Invalid("Choose one of the listed steps.")
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, said)
    return redirect("communication", reference, number)


@require_POST
@requires(services.WRITES)
def delivery(request: HttpRequest, reference: str, number: int, delivery_id: str) -> HttpResponse:
    """Try one recipient again, or record that a person brought it to them."""
    actor, given = request_actor(request), request.POST
    found = _found(request, reference, number)
    row = get_object_or_404(CommunicationDelivery, pk=delivery_id, communication=found)
    try:
        if given.get("step") == "retry":
            retry_delivery(delivery=row, actor=actor)
            messages.success(request, "It is tried again now.")
        else:
            record_by_hand(delivery=row, note=given.get("note", ""), actor=actor)
            messages.success(request, "Recorded.")
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    return redirect("communication", reference, number)


@public_route(READER)
def public_page(request: HttpRequest) -> HttpResponse:
    """What the public was told of incidents, the newest first, in each language."""
    shown = [
        {
            "message": one,
            "stage": Stage(one.stage).label,
            "texts": _as_sent(one),
        }
        for one in public_messages()[:SHOWN]
    ]
    context = {**frame(), "shown": shown}
    return render(request, "incidents/communications_public.html", context)


def _found(request: HttpRequest, reference: str, number: int) -> Communication:
    incident = incident_by_reference(reference, request_actor(request))
    return communication_by_number(incident, number)


def _version(request: HttpRequest) -> int:
    given = request.POST.get("version", "")
    return int(given[:5]) if given.isdecimal() else 0
