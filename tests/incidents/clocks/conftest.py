"""An incident of leaked interests, on which duties to report are decided."""

from __future__ import annotations

import pytest

from governance.registry import services as registry
from governance.registry.models import System
from incidents.choices import Kind, Severity
from incidents.models import Incident
from incidents.services.opening import open_incident
from incidents.services.steps import run_automatic_steps
from tests.cast import Cast
from tests.incidents.clocks.stage import MACHINE


@pytest.fixture
def system(cast: Cast) -> System:
    made = registry.register_system(
        key="carousel", title="Carousel", on_pause="non_profiled", actor=MACHINE
    )
    cast.join("carousel")
    return made


@pytest.fixture
def incident(system: System) -> Incident:
    opened, _created = open_incident(
        title="Interests were shown to others",
        summary="Forty people saw the interests of somebody else.",
        kind=Kind.PRIVACY,
        severity=Severity.S2,
        cause_key="report:leak",
        system=system,
        unattended=True,
        actor=MACHINE,
    )
    run_automatic_steps(incident=opened, actor=MACHINE)
    opened.refresh_from_db()
    return opened
