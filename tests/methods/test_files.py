"""Files as input: read as they are, refused in one sentence, and nothing else within reach."""

import gzip
import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from audits.sources.files import open_source
from methods.errors import BadInput

FRAME = pd.DataFrame({"item": ["007", "8", "8"], "n": [1, 2, 3]})


def open_and_count(path: Path) -> None:
    with open_source(path) as source:
        source.table.count().execute()


def _written(folder: Path, suffix: str, name: str = "log") -> Path:
    path = folder / f"{name}{suffix}"
    if suffix == ".parquet":
        FRAME.to_parquet(path)
    elif suffix in (".jsonl", ".ndjson"):
        path.write_text("".join(json.dumps(row) + "\n" for row in FRAME.to_dict("records")))
    else:
        FRAME.to_csv(path, index=False, sep="\t" if suffix == ".tsv" else ",")
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".jsonl", ".ndjson"])
def test_every_format_gives_the_same_rows(tmp_path: Path, suffix: str) -> None:
    path = _written(tmp_path, suffix)
    with open_source(path) as source:
        table = source.table
        assert table.order_by("n").to_pyarrow().to_pydict()["item"] == ["007", "8", "8"]
        assert source.inputs == {
            "rows": 3,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }


def test_a_glob_reads_all_files_and_its_digest_names_each(tmp_path: Path) -> None:
    paths = [_written(tmp_path, ".csv", name) for name in ("b", "a")]
    lines = sorted(f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in paths)
    with open_source(str(tmp_path / "*.csv")) as source:
        assert source.inputs["rows"] == 6
        assert source.inputs["sha256"] == hashlib.sha256("".join(lines).encode()).hexdigest()


def test_a_name_with_a_quote_or_a_bracket_is_only_a_name(tmp_path: Path) -> None:
    for name in ("o'brien", "log[1]"):
        with open_source(_written(tmp_path, ".csv", name)) as source:
            assert source.inputs["rows"] == 3


def test_the_engine_can_read_nothing_but_the_named_files(tmp_path: Path) -> None:
    other = tmp_path / "secret.csv"
    other.write_text("a\n1\n")
    with (
        pytest.raises(BadInput, match="cannot be read: Permission"),
        open_source(_written(tmp_path, ".csv")) as source,
    ):
        source.table.get_backend().raw_sql(f"SELECT * FROM read_csv('{other}')")


def test_the_lock_cannot_be_opened_again(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="locked"), open_source(_written(tmp_path, ".csv")) as source:
        source.table.get_backend().raw_sql("SET enable_external_access=true")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"", "a.csv is empty."),
        ("a.csv", b" \n\n", "a.csv is empty."),
        ("a.csv", b"x,y\n", "a.csv has no rows."),
        ("a.csv", b"PAR1\x00\x00", "it looks like a Parquet file"),
        ("a.csv", gzip.compress(b"x,y\n1,2\n", mtime=0), "it looks like a gzip archive"),
        ("a.csv", b"PK\x03\x04....", "a zip archive or a spreadsheet"),
        ("a.csv", b"x\ty\n1\t2\n", "it looks like tab-separated text"),
        ("a.csv", b'{"x": 1}\n{"x": 2}\n', "it looks like JSON lines"),
        ("a.csv", b"<!DOCTYPE html><html></html>", "a web page"),
        ("a.csv", b"x,y\n\x00\x01\x02", "a binary file"),
        ("a.csv", b"name,y\n\xe9t\xe9,1\n" * 9, "text that is not UTF-8"),
        ("a.csv", b"x,y\n1,2\n1,2,3,4\n", "a.csv cannot be read"),
        ("a.csv", b"x,X\n1,2\n", "has the column 'x' more than once"),
        ("a.tsv", b"x,y\n1,2\n", "it looks like comma-separated text"),
        ("a.parquet", b"x,y\n1,2\n", "a.parquet is not a Parquet file"),
        ("a.parquet", b"PAR1 and then nothing", "a.parquet cannot be read"),
        ("a.jsonl", b"x,y\n1,2\n", "a.jsonl is not JSON lines"),
        ("a.jsonl", b"[1, 2]\n", "it looks like a JSON array"),
        ("a.jsonl", b'{"x": 1}\n{"x": \n', "a.jsonl cannot be read"),
        ("a.xlsx", b"x", "does not end in one of .csv"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput) as problem:
        open_and_count(path)
    assert words in str(problem.value) and "\n" not in str(problem.value)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    for path in (tmp_path / "no.csv", tmp_path / "*.csv"):
        with pytest.raises(BadInput, match="There is no file"), open_source(path):
            pass
    with pytest.raises(BadInput, match="is a folder"), open_source(tmp_path):
        pass


def test_kinds_are_not_mixed(tmp_path: Path) -> None:
    _written(tmp_path, ".csv"), _written(tmp_path, ".tsv")
    with pytest.raises(BadInput, match="several kinds"), open_source(str(tmp_path / "log.*")):
        pass
