"""Unpacking tar archives safely on every Python we run on: 3.11.0 to 3.11.3 lack tar filters."""

from __future__ import annotations

import tarfile
from pathlib import Path


class UnsafeArchive(Exception):
    """The archive holds a member that is no plain file or folder, or leads out of the folder."""


def unpack_archive(archive: tarfile.TarFile, folder: Path) -> None:
    """Unpack plain files and folders into `folder`; refuse the whole archive otherwise."""
    inside = folder.resolve()
    members = archive.getmembers()
    for member in members:
        place = (inside / member.name).resolve()
        if not (member.isreg() or member.isdir()) or not place.is_relative_to(inside):
            raise UnsafeArchive(f"{member.name} in the archive is not a plain file inside it.")
        member.mode = 0o700 if member.isdir() else 0o600
        member.uid = member.gid = -1
        member.uname = member.gname = ""
    if hasattr(tarfile, "data_filter"):
        archive.extraction_filter = tarfile.data_filter
    archive.extractall(inside, members)  # noqa: S202  (every member was looked at above)
