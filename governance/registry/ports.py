"""Where upper rooms hang in: guards of a release, panels of the system page, previews of a change.

The registry calls what is registered here and knows nothing of who registered it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe

from governance.registry.models import (
    Hold,
    ModelVersion,
    PersonalizationType,
    Purpose,
    Surface,
    System,
)

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


@dataclass(frozen=True)
class HoldProposal:
    """A hold that somebody is about to place; `kind` names which target it is."""

    kind: str
    target: System | Surface | Purpose | ModelVersion
    effect: str


@dataclass(frozen=True)
class PauseProposal:
    """Another answer to what a system does while it is held."""

    system: System
    on_pause: str


@dataclass(frozen=True)
class RegionRuleProposal:
    """Another way to choose about a purpose in a region; without a regime the rule ends."""

    purpose: Purpose
    region: str
    regime: str | None


@dataclass(frozen=True)
class AgeRuleProposal:
    """Another age from which a type is open in a region."""

    type: PersonalizationType
    region: str
    minimum_age: int
    unknown_age: str


Proposal = HoldProposal | PauseProposal | RegionRuleProposal | AgeRuleProposal
PreviewRender = Callable[[HttpRequest, Proposal], str]

_release_guards: dict[str, ReleaseGuard] = {}
_panels: dict[str, SystemPanel] = {}
_columns: dict[str, SystemColumn] = {}
_previews: dict[str, PreviewRender] = {}


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


def register_preview(key: str, render: PreviewRender) -> None:
    """Add what people see of a change before they make it; `render` returns safe HTML."""
    _previews[key] = render


def render_previews(request: HttpRequest, proposal: Proposal) -> SafeString:
    """What every room above says of a change that is not made yet."""
    told = [_previews[key](request, proposal) for key in sorted(_previews)]
    return mark_safe("".join(told))  # noqa: S308  (previews render templates)
