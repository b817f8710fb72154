"""The two steps that start a duty to report, as tests take them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from governance.core.actors import SystemActor
from governance.core.clock import database_now
from incidents.choices import AwareOf
from incidents.clocks.regimes import BY_KEY
from incidents.models import Awareness, Incident, RegulatorClock
from incidents.selectors import standing_awareness
from incidents.services.awareness import state_awareness
from incidents.services.clocks import (
    start_clock,
)
from tests.cast import Cast

MACHINE = SystemActor("test")
BREACH = BY_KEY["gdpr-33"]


def aware(incident: Incident, cast: Cast, **changes: Any) -> Awareness:
    given: dict[str, Any] = {
        "fact": AwareOf.DATA_BREACH,
        "so": True,
        "who": "The engineer on call",
        "aware_at": database_now() - timedelta(hours=1),
        "zone": "Europe/Berlin",
        "statement": "The engineer saw the rows of forty people in the wrong feed.",
        "actor": cast.actor("pia"),
        **changes,
    }
    return state_awareness(incident=incident, **given)


def start(
    incident: Incident, cast: Cast, *, aware_at: datetime | None = None, **changes: Any
) -> RegulatorClock:
    """Both steps: the fact, then that the duty applies."""
    given: dict[str, Any] = {
        "regime_key": "gdpr-33",
        "confirmed": BREACH.conditions,
        "statement": "The interests of forty people were shown to others.",
        "country": "DE",
        "actor": cast.actor("pia"),
        **changes,
    }
    fact = BY_KEY.get(given["regime_key"], BREACH).fact
    if standing_awareness(incident, fact) is None:
        aware(incident, cast, fact=fact, aware_at=aware_at or database_now() - timedelta(hours=1))
    return start_clock(incident=incident, **given)
