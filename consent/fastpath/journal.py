"""The control file of one host: stamps, doubts not yet settled, and the lock among writers.

Who writes what: writers take the lock to raise doubts and to insert slots; the applier alone moves
the stamps and frees entries. A writer that cannot get the lock distrusts the whole table instead.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from consent.fastpath import layout
from consent.fastpath.slots import Full, SlotFile, fence

_MAGIC: Final = int.from_bytes(b"tactCTRL", "little")
# Words of the control file.
GENERATION, EPOCH, VALID_UNTIL, APPLIED, DISTRUSTED, TRUSTED, HOST, HINT, FULL = range(2, 11)
_JOURNAL_AT: Final = 512
ENTRIES: Final = 16_384
#: How long a writer waits for the lock; whoever holds it longer is stopped, not busy.
LOCK_SECONDS: Final = 0.5


def steady_ns() -> int:
    """A clock that also counts while the machine sleeps, so that no stamp outlives a nap."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def boot_id() -> str:
    """Tells one run of the machine from the next: clocks and shared pages begin anew."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip().replace("-", "")[:12]


def folder_of(data_dir: Path) -> Path:
    return data_dir / "run" / "fastpath"


class Busy(Exception):
    """The writers' lock was not to be had in time."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A doubt: `transaction` may change what is known of `lookup`."""

    number: int
    lookup: int
    transaction: int


class Control:
    """The mapped control file; made by whoever comes first."""

    def __init__(self, folder: Path, *, writable: bool = True) -> None:
        self.folder = folder
        self.writable = writable
        self.path = path = folder / f"control-{layout.LAYOUT}-{boot_id()}"
        if writable:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _make(path)
            self._lock_file = os.open(
                folder / "writers.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        descriptor = os.open(path, os.O_RDWR if writable else os.O_RDONLY)
        try:
            access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
            self._map = mmap.mmap(descriptor, 0, access=access)
            self._inode = os.fstat(descriptor).st_ino
        finally:
            os.close(descriptor)
        self.words = memoryview(self._map).cast("Q")
        self._thread_lock = threading.Lock()
        self._table: SlotFile | None = None
        self.process = os.getpid()

    def is_own(self) -> bool:
        """Whether this process made the map, of the file that still lies at its path."""
        try:
            return self.process == os.getpid() and self.path.stat().st_ino == self._inode
        except FileNotFoundError:
            return False

    # Read by everybody -----------------------------------------------------------------------

    def is_trusted(self) -> bool:
        words = self.words
        return words[DISTRUSTED] == words[TRUSTED]

    def is_valid(self) -> bool:
        """Whether the table may answer now: fresh, and distrusted by nobody."""
        return steady_ns() < self.words[VALID_UNTIL] and self.is_trusted()

    def table_path(self, generation: int) -> Path:
        return self.folder / f"table.{generation}"

    def catalogue_path(self, epoch: int) -> Path:
        return self.folder / f"catalogue.{epoch}"

    # Writers ---------------------------------------------------------------------------------

    @contextlib.contextmanager
    def lock(self, seconds: float = LOCK_SECONDS) -> Iterator[None]:
        """Hold the lock of this host's writers; the kernel frees it when its holder dies."""
        deadline = time.monotonic() + seconds
        if not self._thread_lock.acquire(timeout=seconds):
            raise Busy
        try:
            pause = 0.0002
            while True:
                try:
                    fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise Busy from None
                    time.sleep(pause)
                    pause = min(pause * 2, 0.01)
            try:
                yield
            finally:
                fcntl.flock(self._lock_file, fcntl.LOCK_UN)
        finally:
            self._thread_lock.release()

    def raise_doubts(self, lookups: Sequence[int], transaction: int) -> None:
        """Note that a transaction may change these people, and put each in doubt.

        The journal comes first: a writer that dies between the two has not committed.
        """
        try:
            with self.lock():
                self._note(lookups, transaction)
                table = self.current_table()
                if table is not None:
                    for lookup in lookups:
                        table.raise_doubt(lookup)
        except (Busy, Full, OSError):
            self.distrust()

    def distrust(self) -> None:
        """Put the whole table in doubt, without the lock: one store of a word never used before."""
        self.words[DISTRUSTED] = secrets.randbits(63) + 1
        fence()

    def current_table(self) -> SlotFile | None:
        """The table that is served now; whoever raises a doubt in it holds the lock."""
        generation = self.words[GENERATION]
        if generation == 0:
            return None
        if self._table is None or self._table.generation != generation:
            self._table = SlotFile(self.table_path(generation), writable=True)
        return self._table

    def _note(self, lookups: Iterable[int], transaction: int) -> None:
        words, number = self.words, self.words[HINT]
        if words[FULL]:
            raise Full  # as the applier last saw it: no entry is sought again until it looked
        for lookup in lookups:
            for _ in range(ENTRIES):
                number = (number + 1) % ENTRIES
                at = _JOURNAL_AT + 2 * number
                if words[at + 1] == 0:
                    break
            else:
                words[FULL] = 1
                raise Full
            words[at] = lookup & layout.WORD
            fence()
            words[at + 1] = transaction
        words[HINT] = number

    # The applier -----------------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """The doubts noted and not yet freed; a journal that has room again is told so."""
        import numpy as np

        fence()
        pairs = np.frombuffer(self._map, np.uint64)[_JOURNAL_AT:].reshape(ENTRIES, 2)
        used = np.flatnonzero(pairs[:, 1])
        if len(used) < ENTRIES:
            self.words[FULL] = 0
        return [
            Entry(int(number), int(pairs[number, 0].view(np.int64)), int(pairs[number, 1]))
            for number in used
        ]

    def free(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.words[_JOURNAL_AT + 2 * entry.number + 1] = 0

    def stop_serving(self) -> None:
        self.words[VALID_UNTIL] = 0
        fence()

    def publish(self, *, generation: int, epoch: int) -> None:
        """Point everybody to another table or catalogue; for another table under the lock."""
        fence()
        self.words[GENERATION] = generation
        self.words[EPOCH] = epoch

    def stamp(self, *, valid_until: int, applied: int) -> None:
        """Let the table answer until then; it holds all that `applied` and older wrote."""
        fence()
        self.words[APPLIED] = applied
        self.words[VALID_UNTIL] = valid_until


def _make(path: Path) -> None:
    """Make the control file whole, once, whoever else is making it."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    size = 8 * (_JOURNAL_AT + 2 * ENTRIES)
    header = _MAGIC.to_bytes(8, "little") + layout.LAYOUT.to_bytes(8, "little")
    draft.write_bytes(header + bytes(size - len(header)))
    draft.chmod(0o600)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
