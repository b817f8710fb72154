"""The stage of the tests of messages: an incident in a system, contacts, a server that listens."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

from django.db.models import F

from governance.core.actors import SystemActor
from governance.registry import services as registry
from governance.registry.models import System
from incidents.choices import Audience, Channel, Kind, Severity, State
from incidents.models import Communication, Contact, Incident
from incidents.services.communications import (
    correct_communication,
    prepare_communication,
    propose_communication,
    send_communication,
    write_communication,
)
from incidents.services.contacts import add_contact
from incidents.services.message_texts import written_texts
from incidents.services.opening import open_incident
from incidents.services.sending import LEASE
from tests.cast import Cast

MACHINE = SystemActor("test")


def make_system(cast: Cast) -> System:
    made = registry.register_system(
        key="carousel", title="Carousel", on_pause="non_profiled", actor=MACHINE
    )
    cast.join("carousel")
    return made


def open_one(
    system: System | None, severity: str = Severity.S2, *, drill: bool = False
) -> Incident:
    incident, _created = open_incident(
        title="Too concentrated",
        summary="Two items fill the carousel.",
        kind=Kind.BIAS,
        severity=severity,
        cause_key=f"breach:{severity}:{drill}",
        system=system,
        actor=MACHINE,
        drill=drill,
    )
    Incident.objects.filter(pk=incident.pk).update(state=State.ACTIVE)
    incident.refresh_from_db()
    return incident


def written(
    cast: Cast, incident: Incident, audience: str = Audience.PARTNERS, said: str = "We are on it."
) -> Communication:
    """A draft in which no blank is left."""
    ivo = cast.actor("ivo" if audience != Audience.REGULATOR else "pia")
    draft = prepare_communication(incident=incident, audience=audience, actor=ivo)
    texts = {text.language: (text.subject, said) for text in written_texts(draft)}
    return write_communication(communication=draft, texts=texts, version=draft.version, actor=ivo)


def sent(
    cast: Cast, incident: Incident, audience: str = Audience.PARTNERS, said: str = "We are on it."
) -> Communication:
    """A message that Ivo proposed and Pia sent, or that Ivo sent to the team."""
    return released(cast, written(cast, incident, audience, said))


def released(cast: Cast, draft: Communication) -> Communication:
    if draft.audience != Audience.INTERNAL:
        proposer = "ivo" if draft.audience != Audience.REGULATOR else "root"
        draft = propose_communication(communication=draft, actor=cast.actor(proposer))
        sender = cast.actor("pia")
    else:
        sender = cast.actor("ivo")
    return send_communication(communication=draft, version=draft.version, actor=sender)


def corrected(cast: Cast, wrong: Communication, said: str = "400 people.") -> Communication:
    """A correction of a message, sent by two people."""
    ivo = cast.actor("ivo")
    draft = correct_communication(communication=wrong, actor=ivo)
    texts = {text.language: (text.subject, said) for text in written_texts(draft)}
    return released(
        cast,
        write_communication(communication=draft, texts=texts, version=draft.version, actor=ivo),
    )


def partner(cast: Cast, name: str, address: str = "", audience: str = Audience.PARTNERS) -> Contact:
    """A contact told by Apprise, or by hand where no address is given."""
    return add_contact(
        audience=audience,
        name=name,
        channel=Channel.APPRISE if address else Channel.HAND,
        address=address,
        actor=cast.actor("pia"),
    )


class Listener:
    """A server of the loopback that keeps what it was told; `refuses` answers 500 instead."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, dict[str, object]]] = []
        self.refuses = False
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if listener.refuses:
                    self.send_response(500)
                    self.end_headers()
                    return
                key = self.headers.get("Idempotency-Key", "")
                listener.heard.append((self.path, key, json.loads(body)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def address(self, name: str) -> str:
        return f"json://127.0.0.1:{self.server.server_port}/{name}"

    def names(self) -> list[str]:
        return [path.strip("/") for path, _key, _body in self.heard]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()
    try:
        yield listener
    finally:
        listener.close()


def rows(message: Communication) -> dict[str, str]:
    """The state of each recipient of a message."""
    return dict(message.deliveries.values_list("recipient", "state"))


def due_again(message: Communication) -> None:
    """Let every lease and every wait of a message have run out."""
    message.deliveries.update(next_attempt_at=F("next_attempt_at") - LEASE - timedelta(minutes=5))
