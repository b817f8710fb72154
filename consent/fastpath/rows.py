"""People's committed state as PostgreSQL sends it, and its packing into words. Reading only.

The same rows and the same rule serve ten million people at a start and the one who just chose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from psycopg import sql

from consent.fastpath import layout
from consent.fastpath.catalogue import CatalogueSnapshot, covers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Rows turned into arrays at a time.
CHUNK: Final = 500_000
_HEADER: Final = 19  # of PostgreSQL's binary COPY
_MICROSECONDS_A_DAY: Final = 86_400_000_000
_DAYS_1970_TO_2000: Final = 10_957
_NEVER: Final = -(1 << 63)

# Every column has a fixed width and a value, so that the rows are one array. A person without
# choices has one row at place -1; so has a choice for a purpose of a later catalogue.
_COLUMNS: Final = (
    ("lookup", "i8", "s.lookup"),
    ("region", "i2", "coalesce(array_position({regions}::text[], s.region::text), 0)::int2"),
    ("age", "i2", "coalesce(array_position({bands}::text[], s.age_band::text), 0)::int2"),
    ("restricted", "i2", "(s.restricted_at IS NOT NULL)::int::int2"),
    ("gpc", "i2", "s.gpc::int::int2"),
    ("place", "i2", "coalesce(array_position({purposes}::uuid[], c.purpose_id) - 1, -1)::int2"),
    ("status", "i2", "coalesce(array_position({statuses}::text[], c.status::text) - 1, 0)::int2"),
    ("choice_gpc", "i2", "coalesce(c.gpc_at_choice, false)::int::int2"),
    (
        "notice",
        "i2",
        (
            "CASE WHEN coalesce(c.notice_version, '') = '' THEN 0 ELSE"
            " coalesce(array_position({notices}::text[], c.notice_version::text), -1) END::int2"
        ),
    ),
    ("revision", "i4", "coalesce(c.revision, 0)"),
    ("decided", "i8", "coalesce(c.decided_at, '-infinity')"),
    ("expires", "i8", "coalesce(c.expires_at, '-infinity')"),
)
_STATES = """
FROM consent_datasubject s
LEFT JOIN consent_consentstate c ON c.subject_id = s.id AND c.revision > 0
WHERE s.lookup IS NOT NULL
"""
_GONE = (("lookup", "i8", "s.lookup"),)
_SUPPRESSIONS = "FROM consent_suppression s WHERE s.lookup IS NOT NULL"
_REGIONS = "SELECT DISTINCT region FROM consent_datasubject s WHERE s.lookup IS NOT NULL"

Rows = Any  # a numpy structured array of _COLUMNS


def _literal(values: Iterable[Any]) -> sql.Literal:
    return sql.Literal(list(values))


def _only(lookups: Sequence[int] | None) -> sql.Composable:
    if lookups is None:
        return sql.SQL("")
    return sql.SQL(" AND s.lookup = ANY({}::bigint[])").format(_literal(lookups))


def read_people(
    connection: Any,
    snapshot: CatalogueSnapshot,
    purpose_ids: Mapping[str, str],
    lookups: Sequence[int] | None,
) -> Iterator[tuple[Rows, list[str]]]:
    """Read people (None: all) as arrays, with the regions that their numbers mean (from 1)."""
    asked = sql.SQL(_REGIONS) + _only(lookups)
    regions = [row[0] for row in connection.execute(asked).fetchall()]
    ids = [purpose_ids.get(key) for key in snapshot.purposes]
    given = {
        "regions": _literal(regions),
        "bands": _literal(layout.AGE_BANDS),
        "purposes": _literal(ids),
        "statuses": _literal(map(str, layout.STATUSES)),
        "notices": _literal(name for name, _ in snapshot.notices),
    }
    columns = sql.SQL(", ").join(sql.SQL(text).format(**given) for _, _, text in _COLUMNS)
    query = sql.SQL("SELECT {} {}").format(columns, sql.SQL(_STATES)) + _only(lookups)
    for rows in _copy(connection, query, _COLUMNS):
        yield rows, regions


def read_suppressions(connection: Any, lookups: Sequence[int] | None) -> Iterator[Rows]:
    """Read the lookups of erased people (None: all)."""
    query = sql.SQL("SELECT s.lookup " + _SUPPRESSIONS) + _only(lookups)
    yield from _copy(connection, query, _GONE)


def _copy(
    connection: Any, query: sql.Composable, columns: Sequence[tuple[str, str, str]]
) -> Iterator[Rows]:
    """Stream a query as arrays: binary COPY of fixed-width columns has rows of one length."""
    import numpy as np

    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for name, kind, _ in columns:
        fields += [(f"{name}_length", ">i4"), (name, f">{kind}")]
    dtype = np.dtype(fields)
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT BINARY)").format(query)
    held: list[bytes] = []
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        skipped = _HEADER
        for block in copy:
            held.append(bytes(block)[skipped:])
            skipped = 0
            if len(held) >= CHUNK:
                yield _array(held, dtype)
                held = []
    yield _array(held, dtype)


def _array(held: Sequence[bytes], dtype: np.dtype[Any]) -> Rows:
    import numpy as np

    data = b"".join(held)
    return np.frombuffer(data, dtype, len(data) // dtype.itemsize)  # the trailer is shorter


@dataclass(frozen=True, slots=True)
class Encoder:
    """Packs choices into the words of their classes, as one catalogue means them."""

    #: Of each purpose, when its notices were published, ascending, and their numbers.
    published: Sequence[NDArray[np.int64]]
    numbers: Sequence[NDArray[np.int64]]

    @classmethod
    def of(cls, snapshot: CatalogueSnapshot) -> Encoder:
        import numpy as np

        number = {name: place for place, (name, _) in enumerate(snapshot.notices, 1)}
        published, numbers = [], []
        for purpose in snapshot.purposes:
            notices = sorted((at, number[name]) for name, at in covers(snapshot, purpose).items())
            published.append(np.array([_microseconds(at) for at, _ in notices], np.int64))
            numbers.append(np.array([each for _, each in notices], np.int64))
        return cls(published, numbers)

    def pack(self, rows: Rows) -> NDArray[np.uint64]:
        """The class of each row's choice; 0 where only PostgreSQL can tell it.

        A choice that named no notice gets the newest one published when it was made: whether a
        later material change outdates it is then the same question.
        """
        import numpy as np

        named = rows["notice"].astype(np.int64)
        notice = np.where(named > 0, named, 0)
        certain = named >= 0
        for place, (published, numbers) in enumerate(
            zip(self.published, self.numbers, strict=True)
        ):
            here = rows["place"] == place
            certain &= ~here | (named <= 0) | np.isin(named, numbers)
            unnamed = np.flatnonzero(here & (named == 0))
            newest = np.searchsorted(published, rows["decided"][unnamed], side="right")
            notice[unnamed] = np.concatenate([[0], numbers])[newest]
        expires = rows["expires"].astype(np.int64)
        day = np.maximum(expires // _MICROSECONDS_A_DAY + _DAYS_1970_TO_2000, 1)
        day[expires == _NEVER] = 0
        revision = rows["revision"].astype(np.int64)
        certain &= (revision > 0) & (revision <= layout.MOST_REVISIONS)
        certain &= (notice <= layout.MOST_NOTICES) & (day <= layout.MOST_DAYS)
        packed = (
            rows["status"].astype(np.int64)
            | rows["choice_gpc"].astype(np.int64) << layout.CHOICE_GPC_SHIFT
            | (named > 0).astype(np.int64) << layout.NAMED_SHIFT
            | notice << layout.NOTICE_SHIFT
            | day << layout.EXPIRY_SHIFT
            | revision << layout.REVISION_SHIFT
        )
        return np.where(certain, packed, 0).astype(np.uint64)


def _microseconds(moment: datetime) -> int:
    """Microseconds since 2000, as PostgreSQL sends a time."""
    since = moment - datetime(2000, 1, 1, tzinfo=moment.tzinfo)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def flags(rows: Rows) -> NDArray[np.int64]:
    """The flags of each row's person."""
    import numpy as np

    age = rows["age"].astype(np.int64)
    known = (
        rows["restricted"].astype(np.int64) * layout.RESTRICTED
        | rows["gpc"].astype(np.int64) * layout.GPC
        | (age - 1) << layout.AGE_SHIFT
    )
    odd = (age == 0) | (rows["region"] == 0)
    return np.where(odd, layout.ODD, known)
