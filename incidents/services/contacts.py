"""Who outside is told of incidents: named, sealed, ended, erased."""

from __future__ import annotations

import os
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import IntegrityError, transaction

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotFound
from governance.ledger.ports import LedgerPersonalDetails
from governance.ledger.services import record_entry
from governance.outbox.webhooks.models import EndpointState, WebhookEndpoint
from governance.registry.access import require
from governance.registry.models import System
from incidents.choices import OUTSIDE, Channel
from incidents.communications.templates import languages_for
from incidents.models import Contact
from incidents.services.channels import check_address

EDITS = "incidents.edit_contacts"
CHANNELS = (Channel.APPRISE, Channel.WEBHOOK, Channel.HAND)
_PURPOSE = b"tactful contact address"
_NONCE = 12


@transaction.atomic
def add_contact(
    *,
    audience: str,
    name: str,
    channel: str,
    address: str = "",
    endpoint: UUID | None = None,
    system: System | None = None,
    language: str = "en",
    actor: Actor,
) -> Contact:
    """Name somebody outside who is told from now on, of one system or of all."""
    require(actor, EDITS, [system] if system else [])
    if system is None and actor.system_keys is not None:
        raise Invalid("Name the system: only who sees all systems adds a contact for all.")
    if audience not in OUTSIDE or channel not in CHANNELS:
        raise Invalid("A contact belongs to an audience outside, and is reached by a known way.")
    if not name.strip():
        raise Invalid("A contact has a name, such as the partner's.")
    if language not in languages_for(audience):
        raise Invalid(f"This audience is not written to in {language!r}.")
    sealed, told_by = b"", None
    if channel == Channel.APPRISE:
        check_address(address.strip())
        sealed = _seal(address.strip())
    if channel == Channel.WEBHOOK:
        endpoints = WebhookEndpoint.objects.exclude(state=EndpointState.GONE)
        told_by = endpoints.filter(pk=endpoint).first() if endpoint else None
        if told_by is None:
            raise NotFound("There is no such webhook endpoint; register one in the settings.")
    try:
        with transaction.atomic():
            contact = Contact.objects.create(
                audience=audience,
                name=name.strip()[:120],
                system=system,
                language=language,
                channel=channel,
                address=sealed,
                endpoint=told_by,
                added_by=actor.reference,
            )
    except IntegrityError:
        raise Conflict(f"{name.strip()!r} is a contact of this audience already.") from None
    _record("incidents.contact_added", contact, actor)
    return contact


@transaction.atomic
def end_contact(*, contact: Contact, erase: bool = False, actor: Actor) -> Contact:
    """Tell somebody no more; with `erase` the name and the address are gone for good as well."""
    require(actor, EDITS, [contact.system] if contact.system else [])
    if contact.system is None and actor.system_keys is not None:
        raise Invalid("Only who sees all systems ends a contact for all.")
    locked = Contact.objects.select_for_update(of=("self",)).get(pk=contact.pk)
    locked.ended_at = locked.ended_at or database_now()
    if erase:
        locked.name, locked.address = "", b""
        LedgerPersonalDetails().erase(locked.reference)
    locked.save()
    _record("incidents.contact_erased" if erase else "incidents.contact_ended", locked, actor)
    return locked


def opened_address(contact: Contact) -> str:
    """The address as it was entered; only the sender asks for it."""
    raw = bytes(contact.address)
    return AESGCM(settings.KEYS.field_key).decrypt(raw[:_NONCE], raw[_NONCE:], _PURPOSE).decode()


def _seal(address: str) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(settings.KEYS.field_key).encrypt(nonce, address.encode(), _PURPOSE)


def _record(verb: str, contact: Contact, actor: Actor) -> None:
    record_entry(
        verb=verb,
        object_type="contact",
        object_id=str(contact.pk),
        actor=actor,
        facts={
            "audience": contact.audience,
            "channel": contact.channel,
            "system": contact.system.key if contact.system else None,
        },
        personal={"name": contact.name} if contact.name else None,
        about=[contact.reference],
    )
