#!/usr/bin/env python3
"""Receive Tactful's webhooks without Tactful: verify, understand, take each message once.

    python verify_webhook.py --secret whsec_... [--secret whsec_...]     # shared secrets (v1)
    python verify_webhook.py --keys https://tactful.example/.well-known/webhooks/jwks.json   # v1a

Serves on --port (8000), prints what it takes and answers 204; what does not verify gets 400.
Shared secrets need the standard library alone; public keys need the package `cryptography`. Copy
`verify` into a receiver of your own.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TOLERANCE = 300  # seconds that a message may be old or early, against being sent again by others
LONGEST = 1_000_000  # bytes


class NotVerified(Exception):
    """The message is not to be believed; answer 400 and forget it."""


def _signatures(header: str, version: str) -> list[bytes]:
    """The signatures of one version; others, and what is no signature at all, are passed over."""
    found = []
    for part in header.split():
        name, comma, text = part.partition(",")
        if name == version and comma:
            try:
                found.append(base64.b64decode(text, validate=True))
            except ValueError:
                continue
    return found


def _by_secret(signed: bytes, header: str, secrets: Iterable[str]) -> bool:
    given = _signatures(header, "v1")
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        wanted = hmac.new(key, signed, hashlib.sha256).digest()
        if any(hmac.compare_digest(wanted, one) for one in given):
            return True
    return False


def _by_key(signed: bytes, header: str, keys: Iterable[Mapping[str, str]]) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    for key in keys:
        raw = base64.urlsafe_b64decode(key["x"] + "=" * (-len(key["x"]) % 4))
        public = Ed25519PublicKey.from_public_bytes(raw)
        for one in _signatures(header, "v1a"):
            try:
                public.verify(one, signed)
            except InvalidSignature:
                continue
            return True
    return False


def verify(
    body: bytes,
    headers: Mapping[str, str],
    *,
    secrets: Iterable[str] = (),
    keys: Iterable[Mapping[str, str]] = (),
    now: float | None = None,
) -> dict[str, Any]:
    """Return the CloudEvent of a message that one of the secrets or keys verifies.

    Verify the bytes as they came, before anything parses them. Whatever a stranger sends ends in
    `NotVerified`, a malformed header too.
    """
    told = {name.lower(): value for name, value in headers.items()}
    name, at = told.get("webhook-id", ""), told.get("webhook-timestamp", "")
    header = told.get("webhook-signature", "")
    if not name or not header or not (at.isascii() and at.isdigit() and len(at) <= 12):
        raise NotVerified("This is no signed webhook.")
    if abs((time.time() if now is None else now) - int(at)) > TOLERANCE:
        raise NotVerified("The message is too old or too early.")
    signed = f"{name}.{at}.".encode() + body
    if not (_by_secret(signed, header, secrets) or _by_key(signed, header, keys)):
        raise NotVerified("No signature verifies.")
    event: dict[str, Any] = json.loads(body)
    if event["specversion"] != "1.0" or event["id"] != name:
        raise NotVerified("This is no CloudEvent of this message.")
    return event


class Inbox:
    """Takes each message once and nothing that an earlier one of its subject has overtaken.

    Keep both in your database, in the transaction of what the message makes you do.
    """

    def __init__(self, act: Callable[[dict[str, Any]], None]) -> None:
        self._act = act
        self._seen: set[str] = set()
        self._latest: dict[str, str] = {}

    def take(self, event: dict[str, Any]) -> bool:
        """False when it was taken before, or is older than what is known of its subject."""
        subject, at = event.get("subject", ""), event["time"]
        if event["id"] in self._seen or (subject and self._latest.get(subject, "") > at):
            return False
        self._act(event)
        self._seen.add(event["id"])
        self._latest[subject] = at
        return True


def server(port: int, inbox: Inbox, **trusted: Any) -> ThreadingHTTPServer:
    """A receiver on loopback; `trusted` is what `verify` is given."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            body = self.rfile.read(min(int(length), LONGEST)) if length.isdigit() else b""
            try:
                event = verify(body, dict(self.headers.items()), **trusted)
            except NotVerified:
                self.send_response(400)
            else:
                inbox.take(event)
                self.send_response(204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its signature)
            """Say nothing of each request."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--secret", action="append", default=[], help="whsec_..., as it was shown")
    parser.add_argument("--keys", default="", help="file or https address of the JWK set")
    given = parser.parse_args()
    keys: list[dict[str, str]] = []
    if given.keys.startswith("https://"):
        with urllib.request.urlopen(given.keys, timeout=10) as answer:  # noqa: S310  (https alone)
            keys = json.load(answer)["keys"]
    elif given.keys:
        keys = json.loads(Path(given.keys).read_text())["keys"]
    if not given.secret and not keys:
        parser.error("Give a --secret or --keys.")
    inbox = Inbox(lambda event: print(json.dumps(event), flush=True))
    server(given.port, inbox, secrets=given.secret, keys=keys).serve_forever()


if __name__ == "__main__":
    main()
