"""Two `manage.py up` on one PostgreSQL: what one host records, the other obeys at once."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from consent.fastpath.hosts import WAIT_SECONDS
from consent.fastpath.journal import folder_of
from consent.fastpath.table import SharedTable
from tests.trust.up_process import UpProcess, free_port, own_folder, run_command, wait_until

pytestmark = [pytest.mark.trust, pytest.mark.timeout(600)]
PURPOSE = "ads"


class Served:
    """A running host and a key to it."""

    def __init__(self, up: UpProcess, secret: str, data_dir: Path) -> None:
        self.up, self.secret = up, secret
        self.table = SharedTable.open(folder_of(data_dir))

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.up.port, timeout=20)
        headers = {
            "Authorization": f"Bearer {self.secret}",
            "Content-Type": "application/json",
            "Host": "localhost",
        }
        try:
            connection.request("POST", path, json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def choose(self, status: str) -> float:
        began = time.monotonic()
        said = {"subject": "ada", "purpose": PURPOSE, "status": status, "method": "api"}
        code, told = self.post("/api/v1/consent/events", said)
        assert code == 201, told
        return time.monotonic() - began

    def allows(self) -> bool:
        context = {"context": {"targetingKey": "ada", "region": "DE"}}
        code, told = self.post(f"/ofrep/v1/evaluate/flags/purpose.{PURPOSE}", context)
        assert code == 200, told
        return bool(told["value"])

    def applier(self) -> int:
        return self.up.named("manage.py applier")


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Served]]:
    one, two = (tmp_path_factory.mktemp(name).resolve() for name in ("one", "two"))
    with own_folder(one), own_folder(two):
        first = UpProcess(one, free_port())
        try:
            first.wait_until_ready()
            shutil.copytree(one / "keys", two / "keys")
            place = f"host={quote(str(first.layout.socket_dir), safe='')}&port=5432"
            database = f"@/{first.layout.database}?{place}"
            second = UpProcess(
                two,
                free_port(),
                DATABASE_URL=f"postgresql://{first.layout.app_role}{database}",
                DATABASE_OWNER_URL=f"postgresql://{first.layout.owner_role}{database}",
            )
            try:
                second.wait_until_ready()
                scopes = ("--scope", "consent:check", "--scope", "consent:write")
                made = run_command(
                    "create_api_key", "tests", *scopes, data_dir=one, port=first.port
                )
                assert made.returncode == 0, made.stderr
                secret = next(word for word in made.stdout.split() if word.startswith("tct_live_"))
                pair = Served(first, secret, one), Served(second, secret, two)
                for host in pair:
                    assert wait_until(host.table.stamp_is_valid, 30)
                yield pair
            finally:
                second.stop()
        finally:
            first.stop()


def test_a_withdrawal_on_one_host_is_obeyed_by_the_other(hosts: tuple[Served, Served]) -> None:
    longest = 0.0
    for number in range(20):
        writer, reader = hosts[number % 2], hosts[1 - number % 2]
        writer.choose("given")
        assert reader.allows() and writer.allows()
        longest = max(longest, writer.choose("withdrawn"))
        assert not reader.allows() and not writer.allows()
    print(f"\nslowest withdrawal over two hosts: {longest * 1000:.0f} ms")


def test_a_host_whose_applier_stands_still_obeys_too(hosts: tuple[Served, Served]) -> None:
    writer, reader = hosts
    writer.choose("given")
    assert reader.allows()
    applier = reader.applier()
    os.kill(applier, signal.SIGSTOP)
    try:
        took = writer.choose("withdrawn")
        assert not reader.allows()
        assert not reader.table.stamp_is_valid()
        again = writer.choose("given")
        print(f"\nfirst write {took:.2f} s, the next {again:.2f} s")
        assert took < WAIT_SECONDS + 2 and again < took
        writer.choose("withdrawn")
    finally:
        os.kill(applier, signal.SIGCONT)
    assert wait_until(reader.table.stamp_is_valid, 30)
    assert not reader.allows()


def test_a_revoked_key_is_refused_by_every_host_within_a_second(
    hosts: tuple[Served, Served],
) -> None:
    first, second = hosts
    made = run_command(
        "create_api_key", "ends", "--scope", "consent:check",
        data_dir=Path(first.up.layout.data_dir), port=first.up.port,
    )  # fmt: skip
    secret = next(word for word in made.stdout.split() if word.startswith("tct_live_"))
    prefix = secret.split("_")[2]
    other = Served(second.up, secret, Path(second.up.layout.data_dir))
    other.allows()
    import psycopg

    from config.up.postgres import conninfo

    layout = first.up.layout
    with psycopg.connect(conninfo(layout, layout.owner_role, layout.database)) as connection:
        connection.execute(
            "UPDATE people_apikey SET revoked_at = now() WHERE prefix = %s", [prefix]
        )
    context = {"context": {"targetingKey": "ada"}}
    path = f"/ofrep/v1/evaluate/flags/purpose.{PURPOSE}"
    assert wait_until(lambda: other.post(path, context)[0] == 401, 1.0)
