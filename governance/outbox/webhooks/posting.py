"""One POST to a stranger's server: resolved once, to a public address, no redirect, bounded.

The name is resolved here and the connection goes to that very address, so that a name which
answers differently the second time leads nowhere. Nothing of the answer but its status is used.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

CONNECT_SECONDS = 5.0
WHOLE_SECONDS = 10.0
LONGEST_ANSWER = 64 * 1024
_UNICAST = ipaddress.ip_network("2000::/3")  # all that is handed out of IPv6
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
#: Taken for public by the standard library: a cloud's own machinery (Azure's wire server, Oracle's
#: metadata), and addresses of documentation.
_INSIDE = tuple(
    ipaddress.ip_network(each) for each in ("168.63.129.16/32", "192.0.0.0/24", "3fff::/20")
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Undeliverable(Exception):
    """The message did not arrive; the text says why, `status` is the server's answer if any."""

    def __init__(self, sentence: str, status: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    teredo = address.teredo
    embedded = address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
    if embedded is None and address in _NAT64:
        embedded = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return embedded or address


def is_public(text: str) -> bool:
    """Whether an address is on the public internet, also behind an IPv6 disguise."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    inner = _inner(address)
    if isinstance(address, ipaddress.IPv6Address) and (
        address.scope_id or (address not in _UNICAST and address not in _NAT64)
    ):
        return False
    if any(inner in each or address in each for each in _INSIDE):
        return False
    checked = (inner,) if address in _NAT64 else (address, inner)
    return all(each.is_global and not each.is_multicast for each in checked)


def check_url(url: str, *, allow_private: bool) -> None:
    """Refuse an address that no message may go to; the name is resolved when one is sent."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as problem:
        raise Undeliverable("This is no web address.") from problem
    wanted = ("https", "http") if allow_private else ("https",)
    if parts.scheme not in wanted or not parts.hostname or port == 0:
        raise Undeliverable(f"The address must begin with {' or '.join(wanted)}:// and a host.")
    if parts.username or parts.password or parts.fragment:
        raise Undeliverable("The address holds no user, password or fragment.")
    if not url.isascii() or any(sign <= " " for sign in url):
        raise Undeliverable("The address is plain ASCII without spaces.")


def resolve(host: str, port: int, *, allow_private: bool) -> tuple[str, ...]:
    """Return the addresses to connect to; every address of the name must be public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        raise Undeliverable(f"The name {host} has no address.") from problem
    addresses = tuple(dict.fromkeys(str(each[4][0]) for each in found))
    if not addresses:
        raise Undeliverable(f"The name {host} has no address.")
    if not allow_private and not all(is_public(each) for each in addresses):
        raise Undeliverable("The address leads into a private network; it is not called.")
    return addresses


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The authorities this machine trusts, read once."""
    return ssl.create_default_context()


class _Pinned(http.client.HTTPConnection):
    """A connection to given addresses, whatever the name resolves to meanwhile."""

    def __init__(
        self, host: str, port: int, addresses: Sequence[str], context: ssl.SSLContext | None
    ) -> None:
        super().__init__(host, port, timeout=CONNECT_SECONDS)
        self._addresses, self._tls = addresses, context
        self._cut = False

    def connect(self) -> None:
        for number, address in enumerate(self._addresses, start=1):
            try:
                self.sock = socket.create_connection((address, self.port), self.timeout)
                break
            except OSError:
                if self._cut or number == len(self._addresses):
                    raise
        if self._tls is not None:
            # The hands are shaken once `cut` can reach the socket they are shaken on.
            self.sock = self._tls.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
        if self._cut:
            raise TimeoutError
        if isinstance(self.sock, ssl.SSLSocket):
            self.sock.do_handshake()

    def cut(self) -> None:
        """End the connection from another thread: a server may drip for ever."""
        self._cut = True
        if self.sock is not None:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allow_private: bool,
    context: ssl.SSLContext | None = None,
) -> int:
    """Send and return the status when it is 2xx; anything else is `Undeliverable`."""
    check_url(url, allow_private=allow_private)
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    host, port = parts.hostname or "", parts.port or (443 if secure else 80)
    begun = time.monotonic()
    addresses = resolve(host, port, allow_private=allow_private)
    left = WHOLE_SECONDS - (time.monotonic() - begun)
    if left <= 0:
        raise Undeliverable(f"The name {host} was looked up for too long.")
    connection = _Pinned(host, port, addresses, (context or _trusted()) if secure else None)
    clock = threading.Timer(left, connection.cut)
    clock.daemon = True
    clock.start()
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, dict(headers))
        answer = connection.getresponse()
        answer.read(LONGEST_ANSWER)
        status = answer.status
    except (OSError, http.client.HTTPException) as problem:
        raise Undeliverable(f"The server did not answer: {type(problem).__name__}.") from problem
    finally:
        clock.cancel()
        connection.close()
    if 300 <= status < 400:
        raise Undeliverable(f"The server answered {status}; redirects are not followed.", status)
    if not 200 <= status < 300:
        raise Undeliverable(f"The server answered {status}.", status)
    return status
