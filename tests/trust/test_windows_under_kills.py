"""200 windows under SIGKILL and duplicate delivery: exactly one published result each."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest
from django.db import connection

from tests.audits.conftest import make_stage
from tests.brokers.conftest import Host
from tests.trust.windows_under_kills import (
    PROGRAMS,
    Storm,
    naive_results,
    plan_windows,
    results_of,
    told,
)

HOURS, KILLS = 100, 12

pytestmark = [
    pytest.mark.trust,
    pytest.mark.timeout(1800),
    pytest.mark.django_db(transaction=True),
]


def test_200_windows_have_one_result_each_where_naive_workers_lose_and_double_some(
    hurried_host: Host, embedded_postgres: Any
) -> None:
    host = hurried_host
    plans = plan_windows(make_stage(), HOURS)
    storm = Storm(host, 2 * HOURS, KILLS, seed=4)
    began = time.monotonic()
    host.start(*PROGRAMS)
    host.wait_until(storm.is_over, 1500)
    results = results_of(plans)
    print(f"\n{dict(storm.done)} killed in {time.monotonic() - began:.0f} s: {told(results)}")
    assert storm.done == Counter(child=KILLS // 3, parent=KILLS // 3, beat=KILLS // 3)
    for counts in results.values():
        assert counts == Counter({1: 2 * HOURS})

    url = embedded_postgres.url_of(str(connection.settings_dict["NAME"]))
    lost, doubled = naive_results(url, 2 * HOURS, KILLS)
    print(f"naive workers: {lost} windows lost, {doubled} published twice")
    assert lost > 0
    assert doubled > 0
