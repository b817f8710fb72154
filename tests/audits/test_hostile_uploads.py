"""Files made to hurt: each is refused in one sentence, by a child that cannot hurt its parent."""

from __future__ import annotations

import io
import json
import resource
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audits import services, storage
from audits.models import OutputBatch
from audits.sources import decoding
from governance.core.errors import Invalid
from tests.audits.conftest import STAGE, Stage, impressions

PARQUET = "application/vnd.apache.parquet"
ARROW = "application/vnd.apache.arrow.stream"
ARROW_FILE = "application/vnd.apache.arrow.file"
JSON_LINES = "application/x-ndjson"
MEGABYTE = 1024 * 1024


def peak_memory() -> int:
    """The most this process has held so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.fixture
def refused(stage: Stage, tmp_path: Path) -> Callable[..., str]:
    """Push a hostile file; give the sentence, and see that nothing else came of it."""

    def push(make: Callable[[Path], Any], media_type: str) -> str:
        hostile = tmp_path / "hostile"
        make(hostile)
        before = peak_memory()
        with pytest.raises(Invalid) as refusal:
            services.push_outputs(
                system=stage.system, data=hostile, media_type=media_type, actor=STAGE
            )
        assert peak_memory() - before < 150 * MEGABYTE
        assert not OutputBatch.objects.exists()
        folder = storage.storage_folder()
        assert [path for path in folder.rglob("*") if path.is_file()] == []
        _, created = stage.push(stage.serving, impressions("learned", rows=3))
        assert created
        sentence = refusal.value.sentence
        assert "\n" not in sentence and len(sentence) < 400
        return sentence

    return push


def coded_rows(rows: int, width: int) -> Any:
    """Rows that all hold one long text, stored once: few bytes that stand for many."""
    import pyarrow as pa

    return pa.table(
        {
            "output_id": [f"output-{number}" for number in range(rows)],
            "occurred_at": ["2026-01-05T00:00:00Z"] * rows,
            "text": pa.DictionaryArray.from_arrays(
                pa.array([0] * rows, pa.int32()), pa.array(["x" * width])
            ),
        }
    )


def parquet_bomb(path: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(coded_rows(1_000_000, 200_000), path, compression="zstd")


def test_a_dictionary_coded_parquet_bomb_ends_its_decoder_only(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    import pyarrow.parquet as pq

    parquet_bomb(tmp_path / "bomb")
    footer = pq.read_metadata(tmp_path / "bomb")
    told = sum(footer.row_group(place).total_byte_size for place in range(footer.num_row_groups))
    # What people check says a few megabytes; dense it were 200 GB.
    assert (tmp_path / "bomb").stat().st_size < 8 * MEGABYTE
    assert told < 64 * MEGABYTE
    sentence = refused(parquet_bomb, PARQUET)
    assert "too wide" in sentence or "more memory" in sentence
    # The memory that the parent was spared.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 > 200 * MEGABYTE


def test_the_same_bomb_as_an_arrow_stream(refused: Callable[..., str]) -> None:
    import pyarrow as pa

    def make(path: Path) -> None:
        table = coded_rows(300_000, 200_000)
        with pa.OSFile(str(path), "wb") as out, pa.ipc.new_stream(out, table.schema) as writer:
            writer.write_table(table)

    sentence = refused(make, ARROW)
    assert "too wide" in sentence or "more memory" in sentence


def test_a_decoder_out_of_memory_is_one_sentence(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "MEMORY", 700 * MEGABYTE)
    assert "needs more memory or time" in refused(parquet_bomb, PARQUET)


def test_a_decoder_out_of_processor_time_is_one_sentence(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(path: Path) -> None:
        row = {"occurred_at": "2026-01-05T00:00:00Z", "item": "x", "score": 0.5}
        with path.open("w") as out:
            for number in range(800_000):
                out.write(json.dumps({"output_id": str(number), **row}) + "\n")

    monkeypatch.setattr(decoding, "PROCESSOR_SECONDS", 1)
    assert "needs more memory or time" in refused(make, JSON_LINES)


def test_a_decoder_that_hangs_is_ended(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "WALL_SECONDS", 0.01)
    with pytest.raises(Invalid, match="took too long to decode: send smaller parts"):
        stage.push(stage.serving, impressions("learned", rows=3))
    monkeypatch.undo()
    _, created = stage.push(stage.serving, impressions("learned", rows=3))
    assert created


@pytest.mark.parametrize("columns", [1_000_000, 100_000])
def test_text_with_a_million_columns(refused: Callable[..., str], columns: int) -> None:
    def make(path: Path) -> None:
        names = ",".join(f"c{number}" for number in range(columns))
        path.write_text(f"{names}\n{'1,' * (columns - 1)}1\n")

    sentence = refused(make, "text/csv")
    assert "columns" in sentence


def test_an_object_with_a_hundred_thousand_keys(refused: Callable[..., str]) -> None:
    def make(path: Path) -> None:
        path.write_text(json.dumps({f"key{number}": number for number in range(100_000)}) + "\n")

    assert "100,002 columns" in refused(make, JSON_LINES)


def test_lines_that_all_have_keys_of_their_own(refused: Callable[..., str]) -> None:
    def make(path: Path) -> None:
        path.write_text("".join(f'{{"key{number}":1}}\n' for number in range(5_000)))

    sentence = refused(make, JSON_LINES)
    assert "columns" in sentence or "more memory" in sentence


def test_a_line_of_a_gigabyte(refused: Callable[..., str]) -> None:
    def make(path: Path) -> None:
        with path.open("wb") as out:
            out.write(b'{"output_id":"' + b"a" * MEGABYTE)
            out.truncate(1024 * MEGABYTE)

    assert "A line is longer than 16 MB" in refused(make, JSON_LINES)


@pytest.mark.parametrize("kept", [0.5, -8], ids=["in a batch", "between batches"])
def test_a_stream_that_breaks_off(refused: Callable[..., str], kept: float) -> None:
    import pyarrow as pa

    def make(path: Path) -> None:
        table = pa.Table.from_pylist(impressions("learned", rows=1_000))
        out = io.BytesIO()
        with pa.ipc.new_stream(out, table.schema) as writer:
            writer.write_table(table, max_chunksize=100)
        whole = out.getvalue()
        path.write_bytes(whole[: int(len(whole) * kept) if kept > 0 else int(kept)])

    sentence = refused(make, ARROW)
    assert "breaks off" in sentence or "not readable as" in sentence


def test_an_arrow_file_cut_short(refused: Callable[..., str]) -> None:
    import pyarrow as pa

    def make(path: Path) -> None:
        table = pa.Table.from_pylist(impressions("learned", rows=1_000))
        with pa.OSFile(str(path), "wb") as out, pa.ipc.new_file(out, table.schema) as writer:
            writer.write_table(table)
        path.write_bytes(path.read_bytes()[:-40])

    assert "not readable as application/vnd.apache.arrow.file" in refused(make, ARROW_FILE)


def test_a_zip_that_says_it_is_text(refused: Callable[..., str]) -> None:
    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("outputs.csv", "output_id,occurred_at\n" * 1_000)

    assert "a zip archive or a spreadsheet. Unpack it first." in refused(make, "text/csv")


def test_the_decoder_learns_the_key_of_pseudonyms_on_its_input_alone(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    seen: dict[str, Any] = {}
    run = subprocess.run

    def watched(command: list[str], **options: Any) -> Any:
        seen.update(command=command, env=options["env"], input=options["input"])
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", watched)
    stage.push(stage.serving, impressions("learned", rows=3))
    pepper = settings.KEYS.subject_pepper.hex()
    assert pepper.encode() in seen["input"]
    assert pepper not in " ".join([*seen["command"], *seen["env"].values()])
