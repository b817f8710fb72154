"""Takes one person's rows out of a segment by writing it anew; the old file stays until dropped."""

from __future__ import annotations

from audits import storage


def rewrite_without(old: str, new: str, subject: str) -> tuple[int, int, int]:
    """Write `old` without the subject's rows to `new`.

    Returns how many rows went, how many of them said clicked or not, and how many said clicked;
    writes nothing when the person is not there.
    """
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(storage.locate(old))
    theirs = pc.fill_null(pc.equal(table["subject"], subject), False)
    gone = table.filter(theirs)
    if not len(gone):
        return 0, 0, 0
    shown = clicked = 0
    if "clicked" in table.column_names:
        shown = len(gone) - gone["clicked"].null_count
        clicked = pc.sum(gone["clicked"]).as_py() or 0
    with storage.writing(new) as draft:
        pq.write_table(table.filter(pc.invert(theirs)), draft, compression="zstd")
    return len(gone), shown, clicked


def rows_of(place: str, subject: str) -> list[dict[str, object]]:
    """Return one person's rows of a segment as plain data."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(storage.locate(place), filters=pc.field("subject") == subject)
    texts = [
        column.cast(pa.string()) if pa.types.is_temporal(column.type) else column
        for column in table.columns
    ]
    rows: list[dict[str, object]] = pa.table(texts, names=table.column_names).to_pylist()
    return rows
