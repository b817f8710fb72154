"""Promises of where a message never goes: a corpus of addresses that lead inside.

A real listener on loopback counts who comes. The naive client goes to the same address in the same
test and is seen arriving, wherever this machine has a way there.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from governance.core.actors import SystemActor
from governance.core.errors import Invalid
from governance.outbox.webhooks import sending, services
from governance.outbox.webhooks.models import MessageState
from governance.outbox.webhooks.posting import Undeliverable, check_url, is_public, post
from tests.outbox.receiving import receiving
from tests.outbox.wires import Listener, Wires, listening, wires

__all__ = ["wires"]
STAGE = SystemActor("tests")
PUBLIC = "93.184.216.34"

#: What this machine answers itself: the naive client arrives.
REACHED = [
    "https://127.0.0.1:{port}/",
    "https://127.1:{port}/",
    "https://127.0.1.1:{port}/",
    "https://127.255.255.254:{port}/",
    "https://2130706433:{port}/",
    "https://0x7f000001:{port}/",
    "https://0x7F.1:{port}/",
    "https://0177.0.0.1:{port}/",
    "https://017700000001:{port}/",
    "https://0:{port}/",
    "https://0.0.0.0:{port}/",
    "https://localhost:{port}/",
    "https://LOCALHOST:{port}/",
    "https://[::1]:{port}/",
    "https://[0:0:0:0:0:0:0:1]:{port}/",
    "https://[::]:{port}/",
    "https://[::ffff:127.0.0.1]:{port}/",
    "https://[::ffff:7f00:1]:{port}/",
    "http://127.0.0.1:{port}/",
    "HTTP://127.0.0.1:{port}/",
]
#: What leads inside elsewhere, or is no address: here it suffices that nobody sets out.
UNREACHED = [
    "https://10.0.0.1:{port}/",
    "https://172.16.5.4:{port}/",
    "https://192.168.1.1:{port}/",
    "https://3232235777:{port}/",
    "https://0xc0a80101:{port}/",
    "https://169.254.169.254/latest/meta-data/",
    "https://2852039166/latest/meta-data/",
    "https://0xA9FEA9FE/",
    "https://0251.0376.0251.0376/",
    "https://100.100.100.200/latest/meta-data/",
    "https://168.63.129.16/machine",
    "https://192.0.0.192/opc/v2/instance/",
    "https://[fd00:ec2::254]/latest/meta-data/",
    "https://100.64.0.1:{port}/",
    "https://198.18.0.1/",
    "https://192.0.2.1/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[fe80::1]:{port}/",
    "https://[fe80::1%25lo]:{port}/",
    "https://[fe80::1%lo]:{port}/",
    "https://[::1%25lo]:{port}/",
    "https://[fc00::1]:{port}/",
    "https://[fec0::1]:{port}/",
    "https://[ff02::1]:{port}/",
    "https://[100::1]:{port}/",
    "https://[2001:db8::1]:{port}/",
    "https://[3fff::1]:{port}/",
    "https://[::127.0.0.1]:{port}/",
    "https://[::ffff:169.254.169.254]/",
    "https://[::ffff:0:127.0.0.1]:{port}/",
    "https://[64:ff9b::7f00:1]:{port}/",
    "https://[64:ff9b::169.254.169.254]/",
    "https://[64:ff9b:1::7f00:1]:{port}/",
    "https://[2002:7f00:1::]:{port}/",
    "https://[2002:a9fe:a9fe::1]/",
    "https://[2001:0:5ef5:79fb:0:0:80ff:fffe]:{port}/",
    "https://127.0.0.1.:{port}/",
    "https://[::1/",
    "https://[127.0.0.1]:{port}/",
    "https://example.com@127.0.0.1:{port}/",
    "https://user:word@127.0.0.1:{port}/",
    "https://example.com\\@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}\\@example.com/",
    "https://127.0.0.1:{port}#@example.com/",
    "https://\uff11\uff12\uff17.0.0.1:{port}/",
    "https://127\u30020\u30020\u30021:{port}/",
    "https://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3:{port}/",
    "https://127.0.0.1:{port}\t/",
    "https://127.0.0.1:{port}/\r\nHost: inside",
    " https://127.0.0.1:{port}/",
    "https:///127.0.0.1:{port}/",
    "https:127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "ftp://127.0.0.1:{port}/",
    "gopher://127.0.0.1:{port}/_GET",
    "file:///etc/passwd",
    "unix:///var/run/docker.sock",
    "data:text/plain,inside",
    "https://",
    "https://shop.example:0/",
    "https://shop.example:99999/",
]


@pytest.fixture(scope="module")
def inside() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


def by_urllib(url: str) -> None:
    """The client that most write: the standard library, as it comes."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with contextlib.suppress(OSError, ValueError):
        urllib.request.urlopen(url, data=b"{}", timeout=5, context=trusting).close()


def by_httpx(url: str) -> None:
    """The client that the others write; it follows where it is led."""
    with contextlib.suppress(httpx.HTTPError, httpx.InvalidURL):
        httpx.post(url, content=b"{}", timeout=5, verify=False, follow_redirects=True)


def after_a_look(client: Callable[[str], None], url: str) -> None:
    """The careful naive client: it looks at the first address of a name and lets another go."""
    parts = urlsplit(url)
    first = socket.getaddrinfo(parts.hostname, parts.port)[0][4][0]
    assert is_public(str(first))
    client(url)


@pytest.mark.parametrize("url", REACHED)
def test_loopback_is_reached_by_no_name_it_has(url: str, wires: Wires, inside: Listener) -> None:
    there = url.format(port=inside.port)
    with pytest.raises(Undeliverable):
        post(there, b"{}", {}, allow_private=False)
    assert wires.tried == [] and inside.came() == 0
    by_urllib(there)
    assert inside.came() > 0, "the naive client arrives"


@pytest.mark.parametrize("url", UNREACHED)
def test_nobody_sets_out_for_an_address_that_leads_inside(
    url: str, wires: Wires, inside: Listener
) -> None:
    with pytest.raises(Undeliverable):
        post(url.format(port=inside.port), b"{}", {}, allow_private=False)
    assert wires.tried == [] and inside.came() == 0


@pytest.mark.parametrize("naive", [by_urllib, by_httpx])
def test_a_name_that_answers_differently_the_second_time_leads_nowhere(
    naive: Callable[[str], None], wires: Wires, inside: Listener
) -> None:
    wires.answers["rebind.example"] = [[PUBLIC], ["127.0.0.1"]]
    url = f"https://rebind.example:{inside.port}/"
    with pytest.raises(Undeliverable):
        post(url, b"{}", {}, allow_private=False)
    assert wires.asked == ["rebind.example"], "it is resolved once"
    assert wires.tried == [PUBLIC] and inside.came() == 0
    wires.answers["rebind.example"] = [[PUBLIC], ["127.0.0.1"]]
    after_a_look(naive, url)
    assert inside.came() > 0


@pytest.mark.parametrize("naive", [by_urllib, by_httpx])
@pytest.mark.parametrize("private", ["127.0.0.1", "::1"])
def test_one_private_address_among_public_ones_is_enough_to_stay_at_home(
    naive: Callable[[str], None], private: str, wires: Wires, inside: Listener
) -> None:
    url = f"https://mixed.example:{inside.port}/"
    for answer in ([PUBLIC, private], [private, PUBLIC]):
        wires.answers["mixed.example"] = [answer]
        with pytest.raises(Undeliverable, match="private"):
            post(url, b"{}", {}, allow_private=False)
    assert wires.tried == [] and inside.came() == 0
    wires.answers["mixed.example"] = [[PUBLIC, private]]
    after_a_look(naive, url)
    assert inside.came() > 0


@pytest.mark.parametrize("name", ["inside.example", "inside.example.", "localhost."])
def test_a_name_that_stands_for_loopback_is_not_called(
    name: str, wires: Wires, inside: Listener
) -> None:
    wires.answers[name] = [["127.0.0.1"]]
    url = f"https://{name}:{inside.port}/"
    with pytest.raises(Undeliverable, match="private"):
        post(url, b"{}", {}, allow_private=False)
    assert wires.tried == [] and inside.came() == 0
    by_urllib(url)
    assert inside.came() > 0


def test_a_redirect_to_loopback_is_not_followed(wires: Wires, inside: Listener) -> None:
    with receiving(f"http://127.0.0.1:{inside.port}/") as outside:
        with pytest.raises(Undeliverable, match="redirects"):
            post(outside.url, b"{}", {}, allow_private=True)
        assert outside.got and inside.came() == 0
        by_httpx(outside.url)
        assert inside.came() > 0


@pytest.mark.django_db
def test_an_endpoint_whose_name_turned_inward_is_told_nothing_and_its_page_says_why(
    wires: Wires, inside: Listener, settings: Any
) -> None:
    settings.WEBHOOK_PRIVATE = False
    wires.answers["partner.example"] = [["169.254.169.254"], ["127.0.0.1"]]
    endpoint, _ = services.register_endpoint(
        name="partner", url=f"https://partner.example:{inside.port}/", actor=STAGE
    )
    message = services.send_test(endpoint=endpoint, actor=STAGE)
    assert sending.deliver_due() == 1
    message.refresh_from_db()
    assert message.state == MessageState.PENDING and "private network" in message.last_error
    assert wires.tried == [] and inside.came() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    "url", ["http://shop.example/", "https://user@shop.example/", "file:///etc/passwd", "https://"]
)
def test_an_address_that_no_message_may_go_to_is_not_registered(url: str, settings: Any) -> None:
    settings.WEBHOOK_PRIVATE = False
    with pytest.raises(Invalid):
        services.register_endpoint(name="x", url=url, actor=STAGE)


def test_public_addresses_are_called_also_behind_nat64() -> None:
    for address in (PUBLIC, "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"):
        assert is_public(address), address
    check_url("https://shop.example:8443/hook?a=1", allow_private=False)


def test_the_next_address_of_a_name_is_tried_where_the_first_does_not_answer(wires: Wires) -> None:
    with receiving() as receiver:
        wires.answers["shop.example"] = [[PUBLIC, "127.0.0.1"]]
        url = f"http://shop.example:{receiver.port}/"
        assert post(url, b"{}", {}, allow_private=True) == 200
    assert wires.tried == [PUBLIC, "127.0.0.1"]
    assert receiver.got[0].headers["host"] == f"shop.example:{receiver.port}"


# --- what a server may do to the caller ---


@pytest.mark.parametrize(
    ("scheme", "drop"), [("http", b"H"), ("https", b"\x16\x03\x03\x40\x00" + b"\x02" * 64)]
)
def test_a_server_that_drips_for_ever_is_cut_off(
    scheme: str, drop: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The https one drips inside the handshake: a record of 16 kB, begun and never ended."""
    monkeypatch.setattr("governance.outbox.webhooks.posting.WHOLE_SECONDS", 0.5)
    cut = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(drop)
                while not cut.wait(0.05):
                    connection.sendall(b"\x02")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        url = f"{scheme}://127.0.0.1:{server.getsockname()[1]}/"
        with pytest.raises(Undeliverable, match="did not answer"):
            post(url, b"{}", {}, allow_private=True)
        cut.set()
        thread.join(5)
        assert not thread.is_alive()


def test_an_answer_is_read_no_further_than_64_kilobytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("governance.outbox.webhooks.posting.WHOLE_SECONDS", 5)
    sent = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def pour() -> None:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
                for _ in range(10_000):
                    connection.sendall(b"x" * 65536)
                    sent.append(65536)

        thread = threading.Thread(target=pour, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        assert post(url, b"{}", {}, allow_private=True) == 200
        thread.join(20)
    assert sum(sent) < 100_000_000


def test_a_lookup_that_takes_too_long_sends_nothing(
    wires: Wires, inside: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time of the lookup counts, so that no sender comes back after its lease."""
    monkeypatch.setattr("governance.outbox.webhooks.posting.WHOLE_SECONDS", 0)
    with pytest.raises(Undeliverable, match="too long"):
        post(f"http://127.0.0.1:{inside.port}/", b"{}", {}, allow_private=True)
    assert wires.tried == []
