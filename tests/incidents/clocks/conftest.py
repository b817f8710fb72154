"""An incident of leaked interests, on which duties to report are decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from governance.registry.models import System
    from incidents.models import Incident
    from tests.cast import Cast

# Models are imported where they are used: this loads before Django is ready.


@pytest.fixture
def system(cast: Cast) -> System:
    from governance.core.actors import SystemActor
    from governance.registry.services import register_system

    made = register_system(
        key="carousel", title="Carousel", on_pause="non_profiled", actor=SystemActor("test")
    )
    cast.join("carousel")
    return made


@pytest.fixture
def incident(system: System) -> Incident:
    from governance.core.actors import SystemActor
    from incidents.choices import Kind, Severity
    from incidents.services.opening import open_incident
    from incidents.services.steps import run_automatic_steps

    opened, _created = open_incident(
        title="Interests were shown to others",
        summary="Forty people saw the interests of somebody else.",
        kind=Kind.PRIVACY,
        severity=Severity.S2,
        cause_key="report:leak",
        system=system,
        unattended=True,
        actor=SystemActor("test"),
    )
    run_automatic_steps(incident=opened, actor=SystemActor("test"))
    opened.refresh_from_db()
    return opened
