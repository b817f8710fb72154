"""What tests of levers stand on: a carousel that serves one version and falls back to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from governance.registry.models import System
    from tests.cast import Cast

# Models are imported where they are used: this file may load before Django is ready.


@pytest.fixture
def inside(settings: Any) -> None:
    """Servers of the tests lie on this machine."""
    settings.MLFLOW_HOSTS = ["127.0.0.1"]
    settings.WEBHOOK_PRIVATE = True


@pytest.fixture
def system(cast: Cast) -> System:
    """A carousel that serves version 2 of its model and falls back to version 1."""
    from tests.incidents.levers.stage import carousel

    return carousel(cast)
