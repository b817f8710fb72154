"""What is right and what is not about columns in their roles: one sentence a check. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from audits.sources.intake.profile import ColumnProfile, FileProfile
from audits.sources.intake.roles import BY_KEY, sensitivity

TINY = 30
FEW_OUTCOMES = 0.5


@dataclass(frozen=True)
class Check:
    """One look: `state` is ok, note or problem; a problem keeps the file from being taken in."""

    state: str
    sentence: str


def check_mapping(profile: FileProfile, roles: Mapping[str, str]) -> list[Check]:
    """Return what there is to say about a file whose columns have these roles.

    `roles` is column to role; a column without one is left out.
    """
    by_role: dict[str, list[ColumnProfile]] = {}
    for column in profile.columns:
        if role := roles.get(column.name):
            by_role.setdefault(role, []).append(column)
    checks = [
        Check(
            "problem",
            f"{BY_KEY[role].title} is given to {_listed(columns)}; one column can have it.",
        )
        for role, columns in by_role.items()
        if len(columns) > 1 and not BY_KEY[role].many
    ]
    single = {role: columns[0] for role, columns in by_role.items()}
    checks += [
        _problem(column, "holds lists, objects or bytes: a role needs plain values.")
        for columns in by_role.values()
        for column in columns
        if column.kind == "no plain values"
    ]
    checks += [
        *_identity(single.get("output_id"), profile),
        *_time(single.get("occurred_at")),
        *_person(single.get("subject"), profile),
        *_marks(single),
        *_numbers(single),
        *_outcome(single.get("y_true")),
        *(check for column in by_role.get("group", []) for check in _group(column, profile)),
        *(check for column in by_role.get("control", []) for check in _control(column)),
        *_sensitive(profile, roles),
        *_left_out(profile, roles),
    ]
    where = "all" if profile.whole else "the first"
    checks.append(Check("note", f"These checks looked at {where} {profile.rows:,} rows."))
    return checks


def _listed(columns: list[ColumnProfile]) -> str:
    return " and ".join(repr(one.name) for one in columns)


def _identity(column: ColumnProfile | None, profile: FileProfile) -> list[Check]:
    if column is None:
        return [
            Check(
                "note",
                "No column says which output a row is, so rows are numbered. Outcomes that arrive "
                "later cannot be joined to numbers.",
            )
        ]
    if column.missing:
        return [_problem(column, f"is empty in {column.missing:.1%} of the rows: ids may not be.")]
    if column.distinct < profile.rows:
        twice = profile.rows - column.distinct
        return [_problem(column, f"repeats: {twice:,} rows have an id that another row has.")]
    return [_ok(column, "names every output once.")]


def _time(column: ColumnProfile | None) -> list[Check]:
    if column is None:
        return [
            Check("note", "No column says when it happened: give one time for all rows of a file.")
        ]
    if column.missing:
        return [
            _problem(column, f"is empty in {column.missing:.1%} of the rows: times may not be.")
        ]
    if column.kind != "time with zone":
        return [
            _problem(
                column,
                f"holds {column.kind}, such as {column.smallest!r}: times need a zone, such as "
                "2026-01-31T09:00:00Z. Send them with one, or leave the column out and give one "
                "time for all.",
            )
        ]
    return [_ok(column, f"runs from {column.smallest} to {column.largest}, with a zone.")]


def _person(column: ColumnProfile | None, profile: FileProfile) -> list[Check]:
    if column is None:
        return [
            Check(
                "note",
                "No column says who it was about: rows are counted instead of people, intervals "
                "come out too narrow, attributes of the vault cannot be joined, and a person's "
                "rows cannot be found to be erased.",
            )
        ]
    each = (1 - column.missing) * profile.rows / column.distinct if column.distinct else 0.0
    said = [_ok(column, f"names {column.distinct:,} people, {each:.1f} rows each.")]
    if column.missing:
        said.append(Check("note", f"{column.name!r} is empty in {column.missing:.1%} of the rows."))
    return said


def _marks(single: Mapping[str, ColumnProfile]) -> list[Check]:
    checks = []
    for role in ("y_pred", "y_true", "clicked"):
        column = single.get(role)
        if column is None:
            continue
        if column.marks:
            said = ", ".join(f"{value}: {count:,}" for value, count in column.values)
            checks.append(_ok(column, f"holds 0 and 1 alone ({said})."))
        elif role == "clicked":
            checks.append(_problem(column, "must hold 0 or 1, or false or true."))
        else:
            shown = ", ".join(value for value, _ in column.values[:4]) or column.smallest
            checks.append(
                Check(
                    "note",
                    f"{column.name!r} holds {shown}, not 0 and 1: say in the plan which value is "
                    "the favourable one (parameter positive).",
                )
            )
    return checks


def _numbers(single: Mapping[str, ColumnProfile]) -> list[Check]:
    return [
        _problem(single[role], f"must hold numbers to be {BY_KEY[role].title.lower()}.")
        for role in ("score", "propensity", "weight", "price", "watch_time", "position")
        if role in single and single[role].kind != "number"
    ]


def _outcome(column: ColumnProfile | None) -> list[Check]:
    if column is None or not column.missing:
        return []
    told = f"{column.missing:.0%} of the rows have no outcome yet"
    if column.missing > FEW_OUTCOMES:
        told += "; what is known early may differ from what is known late"
    return [Check("note", f"{told}: audits of errors count the others only.")]


def _group(column: ColumnProfile, profile: FileProfile) -> list[Check]:
    if not column.values:
        return [
            Check(
                "note",
                f"{column.name!r} has {column.distinct:,} different values: group them, or no "
                "group is large enough to say anything.",
            )
        ]
    tiny = [f"{value} ({count:,})" for value, count in column.values if count < TINY]
    said = []
    if column.missing:
        lost = round(column.missing * profile.rows)
        said.append(
            Check("note", f"{lost:,} rows have no {column.name}: they form the group (missing).")
        )
    if tiny:
        said.append(
            Check(
                "note",
                f"Groups of {column.name!r} with fewer than {TINY} rows: {', '.join(tiny)}. "
                "Verdicts on them will be inconclusive.",
            )
        )
    return said or [_ok(column, f"has {column.distinct} groups, each of {TINY} rows or more.")]


def _control(column: ColumnProfile) -> list[Check]:
    if column.values:
        return []
    return [
        Check(
            "note",
            f"{column.name!r} has {column.distinct:,} different values: as a control it needs a "
            "few bands, or each stratum has too few people to compare.",
        )
    ]


def _sensitive(profile: FileProfile, roles: Mapping[str, str]) -> list[Check]:
    found = [
        column.name
        for column in profile.columns
        if roles.get(column.name) and (look := sensitivity(column.name)) and not look.proxy
    ]
    if not found:
        return []
    return [
        Check(
            "note",
            f"{', '.join(map(repr, found))} will lie beside the decisions. The attribute vault "
            "keeps protected attributes apart and joins them inside a run only.",
        )
    ]


def _left_out(profile: FileProfile, roles: Mapping[str, str]) -> list[Check]:
    names = [column.name for column in profile.columns if not roles.get(column.name)]
    if not names:
        return []
    return [Check("note", f"Left out, never stored: {', '.join(names)}.")]


def _ok(column: ColumnProfile, says: str) -> Check:
    return Check("ok", f"{column.name!r} {says}")


def _problem(column: ColumnProfile, says: str) -> Check:
    return Check("problem", f"{column.name!r} {says}")
