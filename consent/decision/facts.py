"""What a decision is made from, as frozen data. Reading it from PostgreSQL is done elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from consent.decision.vocabulary import Outcome, Status


@dataclass(frozen=True, slots=True)
class HoldFacts:
    """An active hold; `effect` None means: by the system's `on_pause`."""

    id: str
    effect: Outcome | None = None
    cause: str = ""
    incident: str = ""


@dataclass(frozen=True, slots=True)
class PurposeFacts:
    """The rules of one purpose."""

    key: str
    lawful_basis: str = "consent"
    needs_device_access: bool = False
    electronic_marketing: bool = False
    mechanism: Mapping[str, str] = field(default_factory=dict)
    gpc_covers: bool = False
    active: bool = True
    types: tuple[str, ...] = ()
    holds: tuple[HoldFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """A model version: whether it may serve, and what holds it."""

    key: str
    approved: bool
    holds: tuple[HoldFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class SurfaceFacts:
    key: str
    purposes: tuple[str, ...] = ()
    holds: tuple[HoldFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class SystemFacts:
    """A serving system with its versions, surfaces and purposes."""

    key: str
    on_pause: str = "non_profiled"
    serving: VersionFacts | None = None
    fallback: VersionFacts | None = None
    purposes: tuple[str, ...] = ()
    surfaces: Mapping[str, SurfaceFacts] = field(default_factory=dict)
    holds: tuple[HoldFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """Which notice is current, and since when its last material change is in force."""

    current: str = ""
    material_since: datetime | None = None
    published: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChoiceFacts:
    """The head of one person's choices about one purpose."""

    status: Status
    revision: int
    decided_at: datetime
    notice_version: str = ""
    gpc_at_choice: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What is known about a person; the default is someone unknown or anonymous."""

    erased: bool = False
    restricted: bool = False
    minor: bool = False
    gpc: bool = False
    region: str = ""
    choices: Mapping[str, ChoiceFacts] = field(default_factory=dict)


ANONYMOUS = PersonFacts()


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the caller says about this moment."""

    now: datetime
    region: str = ""
    gpc: bool = False
    surface: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The registry as the decision sees it."""

    purposes: Mapping[str, PurposeFacts] = field(default_factory=dict)
    systems: Mapping[str, SystemFacts] = field(default_factory=dict)
    notice: NoticeFacts = field(default_factory=NoticeFacts)
