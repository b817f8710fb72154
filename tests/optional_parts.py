"""Outside parts that some tests need: run where found, named where not, required where CI=true.

A test asks for one with its marker: browser, redis, rabbitmq or node.
"""

from __future__ import annotations

import os
import shutil

PROGRAMS = {
    "browser": ("chromium", "chromium-browser", "google-chrome"),
    "redis": ("redis-server",),
    "rabbitmq": ("rabbitmq-server", "/usr/sbin/rabbitmq-server"),
    "node": ("node",),
}
# What a part is no use without: Debian's node comes without npm.
COMPANIONS = {"node": "npm"}


def find_part(name: str) -> str | None:
    """The path of the first program that serves as this part, with all that it needs."""
    if name in COMPANIONS and shutil.which(COMPANIONS[name]) is None:
        return None
    for program in PROGRAMS[name]:
        if found := shutil.which(program):
            return found
    return None


def missing_parts() -> list[str]:
    return [name for name in PROGRAMS if find_part(name) is None]


def are_required() -> bool:
    return os.environ.get("CI", "").lower() in ("1", "true")
