"""How often one address may use a page that anybody can open. Kept in this process's memory."""

from __future__ import annotations

import hashlib

from allauth.account.adapter import get_adapter
from django.core.cache import caches
from django.http import HttpRequest

MINUTE = 60
HOUR = 3_600


def is_within(request: HttpRequest, *, what: str, most: int, seconds: int = MINUTE) -> bool:
    """Count one use of `what` by the caller's address; False when it was one too many.

    The address behind a proxy is known as sign-in knows it (ALLAUTH_TRUSTED_PROXY_COUNT).
    """
    address = get_adapter(request).get_client_ip(request)
    name = hashlib.sha256(f"{what} {address}".encode()).hexdigest()
    held = caches["process"]
    if held.add(name, 1, seconds):
        return True
    try:
        return int(held.incr(name)) <= most
    except ValueError:  # the time ended between the two
        return True
