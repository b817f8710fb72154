"""Which addresses of an operator's own servers may be called, before any name is resolved. Pure.

Private addresses and plain http are for the hosts that the setting names; every other host must
be public and speak https.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from governance.outbox.webhooks.posting import Undeliverable, check_url


def is_allowed_inside(url: str, hosts: Sequence[str]) -> bool:
    """Whether a setting names this URL's host, alone or with its port."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    port = parts.port or (443 if parts.scheme == "https" else 80)
    named = {one.lower() for one in hosts}
    return bool(host) and (host in named or f"{host}:{port}" in named)


def check_address(url: str, hosts: Sequence[str]) -> str:
    """Return what keeps a request from this address, or nothing."""
    try:
        check_url(url, allow_private=is_allowed_inside(url, hosts))
    except (Undeliverable, ValueError) as problem:
        return str(problem)
    return ""
