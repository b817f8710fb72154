"""The lookup is AES-CBC's last block over (length, id), for one person as for ten thousand."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.fastpath.fingerprint import (
    lookup_key,
    lookup_of,
    lookups_of,
    lookups_of_arrow,
    suppression_key,
    suppression_lookup_of,
    suppression_lookups_of,
)

KEY = lookup_key(b"p" * 32)
KNOWN_ADA = -3921977729096090271
KNOWN_GONE = -1874526903504388554
IDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


def oracle(key: bytes, message: bytes) -> int:
    """The library's own CBC mode over the padded message; its last block is the MAC."""
    padded = len(message).to_bytes(2, "big") + message
    padded += bytes(-len(padded) % 16)
    chained = Cipher(AES(key), CBC(bytes(16))).encryptor().update(padded)
    return int.from_bytes(chained[-16:-8], "little", signed=True)


@given(IDS)
def test_one_lookup_is_the_libraries_cbc_mac(external_id: str) -> None:
    assert lookup_of(KEY, external_id) == oracle(KEY, external_id.encode())


@settings(deadline=None)
@given(st.lists(IDS, max_size=40))
def test_a_batch_gives_what_each_alone_gives(ids: list[str]) -> None:
    one_by_one = [lookup_of(KEY, each) for each in ids]
    assert lookups_of(KEY, ids).tolist() == one_by_one
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        assert lookups_of_arrow(KEY, pa.array(ids, kind)).tolist() == one_by_one


@pytest.mark.parametrize("length", [0, 1, 13, 14, 15, 30, 31, 78, 79, 1024])
def test_lengths_at_the_edge_of_a_block_agree(length: int) -> None:
    ids = ["x" * length, "é" * length, "short"]
    assert lookups_of(KEY, ids).tolist() == [oracle(KEY, each.encode()) for each in ids]


def test_slices_chunks_and_missing_ids_of_arrow() -> None:
    whole = pa.array(["a", None, "b" * 90, "cé", ""])
    alone = [lookup_of(KEY, "a"), 0, lookup_of(KEY, "b" * 90), lookup_of(KEY, "cé")]
    alone.append(lookup_of(KEY, ""))
    assert lookups_of_arrow(KEY, whole).tolist() == alone
    assert lookups_of_arrow(KEY, whole[1:4]).tolist() == alone[1:4]
    assert lookups_of_arrow(KEY, pa.chunked_array([whole[:2], whole[2:]])).tolist() == alone
    assert lookups_of_arrow(KEY, pa.array([], pa.string())).tolist() == []


def test_known_answers_do_not_move() -> None:
    """Every stored lookup depends on these: another value here would lose everybody."""
    assert KEY.hex() == "a82c3394af7fc23cd3afb5f0b6f48b23"
    assert lookup_of(KEY, "ada") == KNOWN_ADA
    assert suppression_lookup_of(suppression_key(b"f" * 32), lookup_of(KEY, "ada")) == KNOWN_GONE


def test_a_suppression_has_a_name_of_its_own() -> None:
    key = suppression_key(b"f" * 32)
    people = lookups_of(KEY, ["ada", "ben"])
    gone = suppression_lookups_of(key, people)
    assert gone.tolist() == [suppression_lookup_of(key, int(each)) for each in people]
    assert not np.isin(gone, people).any()
    assert gone[0] == oracle(key, int(people[0]).to_bytes(8, "little", signed=True))
