"""Where upper rooms hang in: what must hold before a release, and panels of the system page.

The registry calls what is registered here and knows nothing of who registered it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest

from governance.registry.models import Hold, System

ReleaseGuard = Callable[[Hold], list[str]]
PanelRender = Callable[[HttpRequest, System], str]


@dataclass(frozen=True)
class SystemPanel:
    """One tab of the system page; `render` returns safe HTML."""

    key: str
    title: str
    render: PanelRender
    order: int


@dataclass(frozen=True)
class SystemColumn:
    """One more column of the list of systems; `fill` answers for all rows at once."""

    key: str
    title: str
    fill: Callable[[list[System]], dict[str, str]]


_release_guards: dict[str, ReleaseGuard] = {}
_panels: dict[str, SystemPanel] = {}
_columns: dict[str, SystemColumn] = {}


def register_release_guard(guard: ReleaseGuard) -> None:
    """Add a guard; it answers with one sentence for each thing that is missing."""
    _release_guards[f"{guard.__module__}.{guard.__qualname__}"] = guard


def release_guards() -> tuple[ReleaseGuard, ...]:
    return tuple(_release_guards.values())


def register_system_panel(key: str, title: str, render: PanelRender, *, order: int = 100) -> None:
    """Add a tab to the page of every system."""
    _panels[key] = SystemPanel(key, title, render, order)


def system_panels() -> tuple[SystemPanel, ...]:
    return tuple(sorted(_panels.values(), key=lambda panel: (panel.order, panel.key)))


def register_system_column(
    key: str, title: str, fill: Callable[[list[System]], dict[str, str]]
) -> None:
    """Add a column to the list of systems: plain text by the system's key."""
    _columns[key] = SystemColumn(key, title, fill)


def system_columns() -> tuple[SystemColumn, ...]:
    return tuple(_columns[key] for key in sorted(_columns))
