"""Whether files stayed the same while they were read: taken before, compared after.

A file is known by what the file system says of it; one changed a moment before it was opened is
known by its content, since clocks of file systems tick slowly.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from governance.core.errors import Invalid

FRESH = 2.0  # seconds within which two writes may bear the same time


@dataclass(frozen=True)
class Mark:
    """One file as it was when reading began."""

    file: Path
    stat: tuple[int, ...]
    sha256: str
    fresh: bool

    @classmethod
    def of(cls, file: Path) -> Mark:
        """Take the mark of a file."""
        try:
            fresh = time.time() - file.stat().st_ctime < FRESH
            stat = _stat(file)
            return cls(file, stat, _sha256(file), fresh)
        except OSError as problem:
            raise Invalid(f"{file.name} cannot be read: {problem.strerror}.") from None

    def check(self) -> None:
        """Refuse what was read from a file that is another one now, or gone."""
        try:
            same = _stat(self.file) == self.stat
            same = same and not (self.fresh and _sha256(self.file) != self.sha256)
        except FileNotFoundError:
            raise Invalid(
                f"{self.file.name} was removed while it was read: the audit counts for nothing."
            ) from None
        except OSError as problem:
            raise Invalid(f"{self.file.name} cannot be read: {problem.strerror}.") from None
        if not same:
            raise Invalid(
                f"{self.file.name} was changed while it was read: run the audit again when "
                "writing has ended."
            )


def _stat(file: Path) -> tuple[int, ...]:
    now = file.stat()
    return (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_of(marks: Sequence[Mark]) -> str:
    """Return the sha256 of one file, or of the sorted `digest  name` lines of several."""
    if len(marks) == 1:
        return marks[0].sha256
    lines = sorted(f"{mark.sha256}  {mark.file.name}\n" for mark in marks)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
