"""What a real MLflow answered is answered again over the wire, and the lever does the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.incidents.levers.exchanges import replaying
from tests.incidents.levers.stories import STORIES


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_real_servers_answers(story: Callable[[str], None]) -> None:
    with replaying(story.__name__) as server:
        story(server.url)
