"""The stage of storms: a host on the default broker whose leases are short."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from config.up.database import prepare
from config.up.guard import Guard
from tests.brokers.conftest import LEASE_SECONDS, Host
from tests.ground_database import EmbeddedPostgres


@pytest.fixture
def hurried_host(
    transactional_db: None, embedded_postgres: EmbeddedPostgres, settings: Any, tmp_path: Path
) -> Iterator[Host]:
    """What a killed worker leaves is taken over within seconds, not within half a minute."""
    settings.STORAGE_URL = (tmp_path / "storage").as_uri()
    prepare()
    guard = Guard()
    host = Host(
        guard,
        {
            **embedded_postgres.env_of(str(connection.settings_dict["NAME"])),
            "TACTFUL_AS_OWNER": "0",
            "TACTFUL_LEASE_SECONDS": str(LEASE_SECONDS),
            "STORAGE_URL": settings.STORAGE_URL,
        },
    )
    yield host
    host.stop()
    guard.close()
