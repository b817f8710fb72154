"""A few windows while each kind of process is killed once; `make trust` does it with 200."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.audits.conftest import Stage
from tests.brokers.conftest import Host
from tests.trust.windows_under_kills import PROGRAMS, Storm, plan_windows, results_of

HOURS, KILLS = 4, 3

pytestmark = [pytest.mark.timeout(600), pytest.mark.django_db(transaction=True)]


@pytest.mark.trust
# What each broker loses or doubles, `test_delivery` kills for; here the processes differ.
@pytest.mark.parametrize("broker", ["pgmq"], indirect=True)
def test_windows_have_one_result_each_while_processes_are_killed(stage: Stage, host: Host) -> None:
    plans = plan_windows(stage, HOURS)
    storm = Storm(host, 2 * HOURS, KILLS, seed=1)
    host.start(*PROGRAMS)
    host.wait_until(storm.is_over, 400)
    assert storm.done
    for counts in results_of(plans).values():
        assert counts == Counter({1: 2 * HOURS})
