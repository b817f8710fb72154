"""Archives are unpacked the same with and without the tar filters that older Pythons lack."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from config.unpacking import UnsafeArchive, unpack_archive


def _archive(*members: tuple[tarfile.TarInfo, bytes]) -> tarfile.TarFile:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as out:
        for member, content in members:
            member.size = len(content)
            out.addfile(member, io.BytesIO(content))
    raw.seek(0)
    return tarfile.open(fileobj=raw)


def _link(name: str, target: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, target
    return member


@pytest.fixture(params=["as this Python has it", "without filters"], autouse=True)
def filters(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "without filters":
        monkeypatch.delattr(tarfile, "data_filter", raising=False)


def test_plain_files_come_out_as_they_went_in(tmp_path: Path) -> None:
    unpack_archive(_archive((tarfile.TarInfo("a/b.txt"), b"hello")), tmp_path)
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"hello"


@pytest.mark.parametrize(
    "member",
    [
        tarfile.TarInfo("../escaped"),
        tarfile.TarInfo("/escaped"),
        _link("inside", "/etc/passwd"),
        _link("a", ".."),
    ],
    ids=["parent", "absolute", "link out", "link up"],
)
def test_an_archive_that_leads_out_is_refused_whole(
    tmp_path: Path, member: tarfile.TarInfo
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    archive = _archive((tarfile.TarInfo("fine"), b"x"), (member, b""))
    with pytest.raises(UnsafeArchive):
        unpack_archive(archive, folder)
    assert list(folder.iterdir()) == [] and not (tmp_path / "escaped").exists()
