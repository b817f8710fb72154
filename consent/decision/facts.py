"""What a decision is made from, as frozen data. Reading it from PostgreSQL is done elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from consent.decision.vocabulary import MINOR_BANDS, AgeBand, Outcome, Status, UnknownAge


@dataclass(frozen=True, slots=True)
class HoldFacts:
    """An active hold; `effect` None means: by the system's `on_pause`."""

    id: str
    effect: Outcome | None = None
    cause: str = ""
    incident: str = ""


@dataclass(frozen=True, slots=True)
class RegionRule:
    """How people choose in a region while the rule is valid: from its start, before its end."""

    region: str
    regime: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    max_age_days: int | None = None


@dataclass(frozen=True, slots=True)
class AgeRule:
    """From which age a type is open in a region; `type` empty: every type of the purpose."""

    region: str
    minimum_age: int
    unknown_age: str = UnknownAge.ALLOW
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    type: str = ""


def in_force(rule: RegionRule | AgeRule, now: datetime) -> bool:
    """Tell whether a rule is valid at a moment; its end is no longer part of it."""
    return (rule.valid_from is None or rule.valid_from <= now) and (
        rule.valid_until is None or now < rule.valid_until
    )


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """Which notice of a purpose is current, and since when its last material change holds."""

    current: str = ""
    material_since: datetime | None = None
    published: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PurposeFacts:
    """The rules of one purpose; `default_ttl_days` is how long a yes lasts at most."""

    key: str
    lawful_basis: str = "consent"
    needs_device_access: bool = False
    electronic_marketing: bool = False
    rules: tuple[RegionRule, ...] = ()
    gpc_covers: bool = False
    active: bool = True
    types: tuple[str, ...] = ()
    holds: tuple[HoldFacts, ...] = ()
    age_rules: tuple[AgeRule, ...] = ()
    default_ttl_days: int | None = None
    notice: NoticeFacts = field(default_factory=NoticeFacts)
    on_device: bool = False


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """A model version: whether it may serve, what holds it, whether it reads on the device."""

    key: str
    approved: bool
    holds: tuple[HoldFacts, ...] = ()
    on_device: bool = False


@dataclass(frozen=True, slots=True)
class SurfaceFacts:
    key: str
    purposes: tuple[str, ...] = ()
    holds: tuple[HoldFacts, ...] = ()
    kind: str = ""


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
    age_band: str = AgeBand.UNKNOWN
    gpc: bool = False
    region: str = ""
    choices: Mapping[str, ChoiceFacts] = field(default_factory=dict)

    @property
    def minor(self) -> bool:
        """Known to be under 18."""
        return self.age_band in MINOR_BANDS


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

    def next_boundary(self, now: datetime) -> datetime | None:
        """Return the next moment at which a rule starts or ends, None when none will."""
        rules: list[RegionRule | AgeRule] = []
        for purpose in self.purposes.values():
            rules += [*purpose.rules, *purpose.age_rules]
        moments = (moment for rule in rules for moment in (rule.valid_from, rule.valid_until))
        return min((each for each in moments if each is not None and each > now), default=None)
