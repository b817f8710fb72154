"""The 64-bit names of people in the shared table: a keyed pseudo-random function of their id.

AES-128-CBC-MAC over (length, id), whose length prefix makes it prefix-free and so a PRF; one
hardware instruction a round, and one library call a block for a whole batch. No tables here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol, cast

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Lookups = NDArray[np.int64]

BLOCK = 16
PREFIX = 2
#: Ids that need more blocks than this are hashed alone, so that one cannot widen a whole batch.
BATCHED_BLOCKS = 5
#: Rows of an Arrow array hashed at a time.
CHUNK = 1_000_000


class _Encryptor(Protocol):
    def update(self, data: bytes, /) -> bytes: ...


class _Contexts(threading.local):
    def __init__(self) -> None:
        self.of: dict[bytes, _Encryptor] = {}


_contexts = _Contexts()


@lru_cache(maxsize=16)
def _derive(secret: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=BLOCK, salt=None, info=info).derive(secret)


def lookup_key(subject_pepper: bytes) -> bytes:
    """The key under which people are looked up, made from the pepper of their pseudonyms."""
    return _derive(subject_pepper, b"tactful lookup")


def suppression_key(fingerprint_key: bytes) -> bytes:
    """The key under which erased people stay denied."""
    return _derive(fingerprint_key, b"tactful suppression lookup")


def _encrypt(key: bytes) -> _Encryptor:
    """One ECB context a thread and key: it keeps no state between whole blocks."""
    known = _contexts.of.get(key)
    if known is None:
        # The block cipher alone: chaining is done here, so that a batch shares each call.
        cipher = Cipher(AES(key), ECB())  # noqa: S305
        known = _contexts.of[key] = cast("_Encryptor", cipher.encryptor())
    return known


def _mac(key: bytes, message: bytes) -> int:
    padded = len(message).to_bytes(PREFIX, "big") + message
    padded += bytes(-len(padded) % BLOCK)
    update = _encrypt(key).update
    state = update(padded[:BLOCK])
    for start in range(BLOCK, len(padded), BLOCK):
        mixed = int.from_bytes(state, "little") ^ int.from_bytes(
            padded[start : start + BLOCK], "little"
        )
        state = update(mixed.to_bytes(BLOCK, "little"))
    return int.from_bytes(state[:8], "little", signed=True)


def lookup_of(key: bytes, external_id: str) -> int:
    """Return the lookup of one person; `key` is `lookup_key(pepper)`."""
    return _mac(key, external_id.encode())


def suppression_lookup_of(key: bytes, lookup: int) -> int:
    """Return the lookup of a person's suppression; `key` is `suppression_key(...)`."""
    return _mac(key, lookup.to_bytes(8, "little", signed=True))


def _macs(key: bytes, padded: NDArray[np.uint8], blocks: NDArray[np.intp]) -> Lookups:
    """MAC every row of a zero-padded matrix; `blocks` says how many blocks each row has."""
    import numpy as np

    update = _encrypt(key).update

    def encrypted(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.frombuffer(update(rows.tobytes()), np.uint8).reshape(-1, BLOCK)

    state = encrypted(padded[:, :BLOCK])
    if padded.shape[1] > BLOCK:
        state = state.copy()
        for number in range(1, padded.shape[1] // BLOCK):
            more = np.flatnonzero(blocks > number)
            part = padded[more, number * BLOCK : (number + 1) * BLOCK]
            state[more] = encrypted(state[more] ^ part)
    return np.ascontiguousarray(state[:, :8]).view("<i8").reshape(-1)


def _matrix(lengths: NDArray[np.intp]) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """An empty matrix of padded messages with their length prefixes, and the blocks of each."""
    import numpy as np

    blocks = (lengths + (PREFIX + BLOCK - 1)) // BLOCK
    width = int(blocks.max(initial=1)) * BLOCK
    padded = np.zeros((len(lengths), width), np.uint8)
    padded[:, 0] = lengths >> 8
    padded[:, 1] = lengths & 0xFF
    return padded, blocks


def lookups_of(key: bytes, ids: Sequence[str]) -> Lookups:
    """Return the lookups of many people, in order."""
    import numpy as np

    if not len(ids):
        return np.empty(0, np.int64)
    longest = BATCHED_BLOCKS * BLOCK - PREFIX
    encoded: Sequence[str] | list[bytes] = ids
    joined = "".join(ids)
    if not joined.isascii():
        encoded = [each.encode() for each in ids]
    lengths = np.fromiter(map(len, encoded), np.intp, len(ids))
    if int(lengths.max()) > longest:
        found = np.empty(len(ids), np.int64)
        short = np.flatnonzero(lengths <= longest)
        found[short] = lookups_of(key, [ids[int(place)] for place in short])
        for place in np.flatnonzero(lengths > longest):
            found[place] = lookup_of(key, ids[int(place)])
        return found
    padded, blocks = _matrix(lengths)
    widest = max(int(lengths.max()), 1)
    if len(joined) == widest * len(ids) and encoded is ids:
        text = np.frombuffer(joined.encode(), np.uint8)  # ids of one length: a matrix already
    else:
        # A fixed-width bytes array is zero-padded by numpy itself, in C.
        text = np.array(encoded, dtype=f"S{widest}").view(np.uint8)
    text = text.reshape(-1, widest)
    padded[:, PREFIX : PREFIX + widest] = text
    return _macs(key, padded, blocks)


def lookups_of_arrow(key: bytes, array: Any) -> Lookups:
    """The same over a pyarrow string array or chunked array, without a Python string a person.

    A missing id has lookup 0, which no table answers.
    """
    import numpy as np

    chunks: Iterable[Any] = array.chunks if hasattr(array, "chunks") else [array]
    parts = [
        _lookups_of_slice(key, chunk.slice(start, CHUNK))
        for chunk in chunks
        for start in range(0, len(chunk), CHUNK)
    ]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _lookups_of_slice(key: bytes, chunk: Any) -> Lookups:
    import numpy as np
    import pyarrow as pa

    wide = pa.types.is_large_string(chunk.type) or pa.types.is_large_binary(chunk.type)
    if not wide and not (pa.types.is_string(chunk.type) or pa.types.is_binary(chunk.type)):
        return _lookups_of_slice(key, chunk.cast(pa.string()))
    _, offsets_buffer, data_buffer = chunk.buffers()
    kind, size = (np.int64, 8) if wide else (np.int32, 4)
    offsets = np.frombuffer(
        offsets_buffer, kind, len(chunk) + 1, offset=chunk.offset * size
    ).astype(np.intp)
    data = np.frombuffer(data_buffer if data_buffer is not None else b"", np.uint8)
    starts, lengths = offsets[:-1], np.diff(offsets)
    longest = BATCHED_BLOCKS * BLOCK - PREFIX
    batched = np.where(lengths <= longest, lengths, 0)
    padded, blocks = _matrix(batched)
    widest = int(batched.max(initial=0))
    if widest and int(lengths.min()) == int(lengths.max()) == widest:
        # Ids of one length lie in the buffer as a matrix already.
        text = data[starts[0] : starts[0] + len(starts) * widest]
        padded[:, PREFIX : PREFIX + widest] = text.reshape(len(starts), widest)
        widest = 0
    for column in range(widest):
        # One column of all ids at a time: contiguous work whatever the lengths are.
        rows = np.flatnonzero(batched > column)
        padded[rows, PREFIX + column] = data[starts[rows] + column]
    found = _macs(key, padded, blocks)
    found = found.copy() if not found.flags.writeable else found
    for place in np.flatnonzero(lengths > longest):
        found[place] = _mac(key, data[starts[place] : starts[place] + lengths[place]].tobytes())
    if chunk.null_count:
        found[~np.asarray(chunk.is_valid())] = 0
    return found


def suppression_lookups_of(key: bytes, lookups: Lookups) -> Lookups:
    """Return the lookups of many people's suppressions."""
    import numpy as np

    padded = np.zeros((len(lookups), BLOCK), np.uint8)
    padded[:, 1] = 8
    padded[:, PREFIX : PREFIX + 8] = (
        np.ascontiguousarray(lookups, "<i8").view(np.uint8).reshape(-1, 8)
    )
    return _macs(key, padded, np.ones(len(lookups), np.intp))
