"""How tests are shared out among processes: a file stays together, and so does the demo.

Every test of the demo looks at one product that was started once; two would cost a minute more.
"""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

TOGETHER = ("tests/demo/",)


class ByGround(LoadFileScheduling):  # type: ignore[misc]
    """Keeps together what stands on the same ground."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return next((folder for folder in TOGETHER if file.startswith(folder)), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByGround:
    """Share out by the ground they stand on."""
    return ByGround(config, log)
