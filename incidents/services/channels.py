"""One message by Apprise to one address: mail and chats whose servers are known, nothing else.

Other HTTP servers are told by a signed webhook, whose sender pins the address it resolved and
follows no redirect; Apprise does neither.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.conf import settings

from governance.core.errors import Invalid
from governance.outbox.webhooks.posting import Undeliverable, resolve

if TYPE_CHECKING:
    from apprise import Apprise

#: Services whose server the address does not name.
FIXED = frozenset(
    [
        "discord",
        "gchat",
        "opsgenie",
        "pagerduty",
        "postmark",
        "sendgrid",
        "slack",
        "tgram",
        "webex",
        "wxteams",
        "zulip",
    ]
)
MAIL = frozenset(("mailto", "mailtos"))
#: Plain HTTP servers; only where private addresses are allowed, for trying it out.
HTTP = frozenset(("json", "jsons"))
_MAIL_PORT, _HTTP_PORT = 587, 80
_ADDRESS = re.compile(r"\S+@\S+")


class Unreachable(Exception):
    """The message did not leave; the text says why, without the secrets of the address."""


def check_address(address: str) -> None:
    """Refuse an address that Apprise does not know or that no message may go to."""
    scheme = address.partition("://")[0].lower()
    if scheme not in FIXED | MAIL | (HTTP if settings.WEBHOOK_PRIVATE else frozenset()):
        known = ", ".join(sorted(FIXED | MAIL))
        raise Invalid(
            f"The address begins with one of {known}, then ://. For another server register a "
            "webhook endpoint."
        )
    try:
        _opened(address)
    except Unreachable as problem:
        raise Invalid(str(problem)) from None


def send_by_apprise(address: str, *, subject: str, body: str, idempotency_key: str) -> None:
    """Send once, or raise `Unreachable`; the key goes along where the way carries headers."""
    import apprise

    scheme = address.partition("://")[0].lower()
    if scheme in MAIL | HTTP:
        joint = "&" if "?" in address else "?"
        address = f"{address}{joint}+Idempotency-Key={idempotency_key}"
    sender = _opened(address)
    for plugin in sender:
        _refuse_private(plugin)
    capture: Any = apprise.LogCapture  # has no types
    with capture(level=apprise.logging.WARNING) as said:
        try:
            arrived = sender.notify(title=subject, body=body, body_format="text")
        except Exception as problem:  # whatever an outside service makes a plugin do
            raise Unreachable(f"The way failed: {type(problem).__name__}.") from problem
        lines = str(said.getvalue()).strip().splitlines()
    if not arrived:
        why = _ADDRESS.sub("(address)", lines[-1].rpartition(" - ")[2]) if lines else ""
        raise Unreachable(f"It was not taken: {why}" if why else "It was not taken.")


def _opened(address: str) -> Apprise:
    import apprise

    sender = apprise.Apprise(asset=apprise.AppriseAsset(secure_logging=True))
    if not sender.add(address):
        raise Unreachable("Apprise cannot read this address; its documentation shows the form.")
    return sender


def _refuse_private(plugin: Any) -> None:
    """A server that the address names itself has to be on the public internet."""
    scheme = str(plugin.url()).partition("://")[0]
    if scheme in FIXED:
        return
    host = getattr(plugin, "smtp_host", "") or getattr(plugin, "host", "")
    port = getattr(plugin, "port", None) or (_MAIL_PORT if scheme in MAIL else _HTTP_PORT)
    try:
        resolve(str(host), int(port), allow_private=settings.WEBHOOK_PRIVATE)
    except Undeliverable as problem:
        raise Unreachable(str(problem)) from None
