"""Turns rows of `queries` into the decision's facts. Works on any DB-API cursor; no Django."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from consent.decision.facts import (
    AgeRule,
    Catalogue,
    ChoiceFacts,
    HoldFacts,
    NoticeFacts,
    PersonFacts,
    PurposeFacts,
    RegionRule,
    SurfaceFacts,
    SystemFacts,
    VersionFacts,
)
from consent.decision.vocabulary import Outcome, Status
from consent.identity import fingerprint_of
from consent.slowpath import queries
from governance.registry.standards import is_electronic_marketing

#: A version in one of these states may serve.
APPROVED_STATES = frozenset({"approved", "serving"})


class Cursor(Protocol):
    """The part of a DB-API cursor that reading needs."""

    def execute(self, query: Any, params: Any = None, /) -> Any: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> Any: ...


class _Hold(msgspec.Struct):
    id: str
    effect: str
    cause: str
    incident: str


class _RegionRule(msgspec.Struct):
    region: str
    regime: str
    max_age_days: int | None
    valid_from: datetime | None = msgspec.field(name="from")
    until: datetime | None


class _AgeRule(msgspec.Struct):
    type: str
    region: str
    minimum_age: int
    unknown_age: str
    valid_from: datetime | None = msgspec.field(name="from")
    until: datetime | None


class _Purpose(msgspec.Struct):
    key: str
    lawful_basis: str
    device: bool
    dpv_iri: str
    use: str
    gpc_covers: bool
    state: str
    ttl: int | None
    rules: list[_RegionRule]
    age_rules: list[_AgeRule]
    on_device: bool
    types: list[str]
    holds: list[_Hold]


class _Version(msgspec.Struct):
    key: str
    state: str
    on_device: bool
    holds: list[_Hold]


class _Surface(msgspec.Struct):
    key: str
    kind: str
    purposes: list[str]
    holds: list[_Hold]


class _System(msgspec.Struct):
    key: str
    on_pause: str
    serving: _Version | None
    fallback: _Version | None
    purposes: list[str]
    surfaces: list[_Surface]
    holds: list[_Hold]


class _Notice(msgspec.Struct):
    key: str
    material: bool
    published_at: datetime
    purposes: list[str]


class _Catalogue(msgspec.Struct):
    now: datetime
    purposes: list[_Purpose]
    systems: list[_System]
    notices: list[_Notice]


class _Choice(msgspec.Struct):
    purpose: str
    status: str
    revision: int
    decided_at: datetime
    notice_version: str
    gpc: bool
    expires_at: datetime | None


_decode_catalogue = msgspec.json.Decoder(_Catalogue).decode
_decode_choices = msgspec.json.Decoder(list[_Choice]).decode


def _holds(rows: Iterable[_Hold]) -> tuple[HoldFacts, ...]:
    return tuple(
        HoldFacts(row.id, Outcome(row.effect) if row.effect else None, row.cause, row.incident)
        for row in rows
    )


def _version(row: _Version | None) -> VersionFacts | None:
    if row is None:
        return None
    return VersionFacts(
        row.key, row.state in APPROVED_STATES, _holds(row.holds), on_device=row.on_device
    )


def _purpose(row: _Purpose, notice: NoticeFacts) -> PurposeFacts:
    return PurposeFacts(
        key=row.key,
        lawful_basis=row.lawful_basis,
        needs_device_access=row.device,
        electronic_marketing=is_electronic_marketing(row.dpv_iri, row.use),
        rules=tuple(
            RegionRule(rule.region, rule.regime, rule.valid_from, rule.until, rule.max_age_days)
            for rule in row.rules
        ),
        gpc_covers=row.gpc_covers,
        active=row.state == "published",
        types=tuple(row.types),
        holds=_holds(row.holds),
        notice=notice,
        age_rules=tuple(
            AgeRule(
                rule.region,
                rule.minimum_age,
                rule.unknown_age,
                rule.valid_from,
                rule.until,
                rule.type,
            )
            for rule in row.age_rules
        ),
        default_ttl_days=row.ttl,
        on_device=row.on_device,
    )


def _system(row: _System) -> SystemFacts:
    return SystemFacts(
        key=row.key,
        on_pause=row.on_pause,
        serving=_version(row.serving),
        fallback=_version(row.fallback),
        purposes=tuple(row.purposes),
        surfaces={
            surface.key: SurfaceFacts(
                surface.key, tuple(surface.purposes), _holds(surface.holds), surface.kind
            )
            for surface in row.surfaces
        },
        holds=_holds(row.holds),
    )


def notice_facts(notices: Sequence[tuple[str, bool, datetime]]) -> NoticeFacts:
    """Make the notice's facts of (key, material, published at), newest first."""
    return NoticeFacts(
        current=notices[0][0] if notices else "",
        material_since=next((at for _, material, at in notices if material), None),
        published={key: at for key, _, at in notices},
    )


def read_catalogue(
    cursor: Cursor,
    *,
    systems: Sequence[str] | None,
    purposes: Sequence[str] | None,
) -> tuple[Catalogue, datetime]:
    """Read the registry part for the keys asked about (None: all), and the database's time."""
    cursor.execute(
        queries.CATALOGUE,
        {
            "systems": None if systems is None else list(systems),
            "purposes": None if purposes is None else list(purposes),
        },
    )
    row = _decode_catalogue(cursor.fetchone()[0])
    told: dict[str, list[tuple[str, bool, datetime]]] = {}
    for notice in row.notices:
        for key in notice.purposes:
            told.setdefault(key, []).append((notice.key, notice.material, notice.published_at))
    catalogue = Catalogue(
        purposes={
            each.key: _purpose(each, notice_facts(told.get(each.key, ()))) for each in row.purposes
        },
        systems={each.key: _system(each) for each in row.systems},
    )
    return catalogue, row.now


def _choices(text: str | None) -> dict[str, ChoiceFacts]:
    return {
        row.purpose: ChoiceFacts(
            status=Status(row.status),
            revision=row.revision,
            decided_at=row.decided_at,
            notice_version=row.notice_version,
            gpc_at_choice=row.gpc,
            expires_at=row.expires_at,
        )
        for row in (_decode_choices(text) if text else ())
    }


def read_people(
    cursor: Cursor,
    pseudonyms: Sequence[str],
    *,
    fingerprint_key: bytes,
    purposes: Sequence[str] | None,
    former: Sequence[Sequence[str]] = (),
) -> list[PersonFacts]:
    """Read the facts of people by pseudonym, in the order asked; unknown ones are nobody.

    `former` holds the same people's pseudonyms under each former pepper: who is not known by the
    newest name is looked for by the others, and erased under any is erased.
    """
    names = [*pseudonyms, *(name for names in former for name in names)]
    cursor.execute(
        queries.PEOPLE,
        {
            "pseudonyms": names,
            "fingerprints": [fingerprint_of(fingerprint_key, name) for name in names],
            "purposes": None if purposes is None else list(purposes),
        },
    )
    rows = list(cursor.fetchall())
    if former:
        count = len(pseudonyms)
        rows = [_known_row(rows[place::count]) for place in range(count)]
    return [
        PersonFacts(
            erased=erased,
            restricted=restricted,
            age_band=age_band or "unknown",
            gpc=bool(gpc),
            region=region or "",
            choices=_choices(choices),
        )
        for _, region, age_band, gpc, restricted, erased, choices in rows
    ]


def _known_row(rows: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Of one person's rows, newest name first: the erased one, else the first that is known."""
    erased = [row for row in rows if row[5]]
    known = [row for row in rows if row[1] is not None]
    return (erased or known or rows)[0]


def read_as_of(cursor: Cursor) -> int:
    """Return the newest transaction that every reader of this server has seen."""
    cursor.execute(queries.AS_OF_NOW)
    return int(cursor.fetchone()[0])


def has_seen(cursor: Cursor, transaction: int) -> bool:
    """Tell whether this reader sees the write that a token names."""
    cursor.execute(queries.HAS_SEEN, {"transaction": str(transaction)})
    return bool(cursor.fetchone()[0])
