"""One person as the shared table tells them, and the answers that follow. No HTTP here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from consent.decision.facts import Catalogue, Circumstances, PersonFacts
from consent.decision.precedence import Decision, decide_purpose, decide_system
from consent.fastpath.clock import SteadyClock
from consent.fastpath.fingerprint import (
    lookup_key,
    lookup_of,
    lookups_of,
    lookups_of_arrow,
    suppression_key,
    suppression_lookup_of,
    suppression_lookups_of,
)
from consent.fastpath.memo import PLACE, SLOW, Flag, Rendered, Slow, expires_on
from consent.fastpath.table import ASK_POSTGRES, SharedTable
from consent.fastpath.view import Person, View
from consent.slowpath.asking import Keys
from consent.slowpath.freshness import decode_as_of, encode_as_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from consent.fastpath.fingerprint import Lookups


#: People looked up at a time, so that their slots are still at hand when they are read.
PIECE = 16_384
#: A state no slot has.
STATE_IN_DOUBT = 0xFFFFFFFF


class States(NamedTuple):
    """Of many people: flags with region, and the classes of the purposes a flag depends on."""

    words: NDArray[np.uint32]
    codes: NDArray[np.uint16]


def _joined(pieces: Iterable[States]) -> States:
    import numpy as np

    words, codes = zip(*pieces, strict=True)
    if len(words) == 1:
        return States(words[0], codes[0])
    return States(np.concatenate(words), np.concatenate(codes))


class People:
    """Looks people up and answers about them; None wherever PostgreSQL has to be asked."""

    def __init__(self, table: SharedTable, keys: Keys, clock: SteadyClock) -> None:
        self.table = table
        self.clock = clock
        self._lookup_key = lookup_key(keys.subject_pepper)
        self._suppression_key = suppression_key(keys.fingerprint_key)
        self._as_of = (-1, b"")

    def lookup(self, subject: str) -> int:
        return lookup_of(self._lookup_key, subject)

    def as_of(self, asked: str) -> bytes | None:
        """Return the freshness token of what is read from now on; None when `asked` is newer."""
        applied = self.table.applied_transaction
        if asked:
            transaction = decode_as_of(asked)
            if transaction is None or transaction > applied:
                return None
        known, token = self._as_of
        if known != applied:
            token = encode_as_of(applied).encode()
            self._as_of = (applied, token)
        return token

    def find(self, view: View, subject: str) -> Person | None:
        """Return a person; nobody in particular for an empty or unknown subject, None in doubt."""
        if not subject:
            return view.nobody
        lookup = lookup_of(self._lookup_key, subject)
        slot = self.table.read(lookup)
        if slot is None:
            slot = self.table.read(suppression_lookup_of(self._suppression_key, lookup))
            if slot is None:
                return view.nobody
        if slot.doubt:
            return None
        return Person(slot.word, slot.class_codes, slot)

    def tell(
        self, view: View, flag: Flag, person: Person, region: str, gpc: bool, surface: str
    ) -> Rendered | None:
        """Return the rendered answer of a flag, from the memo where it was given before."""
        if flag.codes_of is None:
            return None
        if surface not in flag.surfaces:
            surface = ""
        key = (person.word, flag.codes_of(person.codes), region, gpc, surface)
        kept = flag.memo.get(key)
        if kept is None:
            kept = self._render(view, flag, person, region, gpc, surface)
            flag.keep(key, kept)
        return kept if isinstance(kept, Rendered) else None

    def lookups(self, subjects: Sequence[str]) -> Lookups:
        return lookups_of(self._lookup_key, subjects)

    def read_states(self, view: View, flag: Flag, lookups: Lookups) -> States:
        """Return what a flag depends on for many people; the doubtful get ASK_POSTGRES."""
        starts = range(0, len(lookups), PIECE)
        return _joined(self._read_piece(view, flag, lookups[at : at + PIECE]) for at in starts)

    def read_states_of_arrow(self, view: View, flag: Flag, ids: Any) -> States:
        """The same for an Arrow array of ids."""
        key, starts = self._lookup_key, range(0, len(ids), PIECE)
        pieces = (lookups_of_arrow(key, ids.slice(at, PIECE)) for at in starts)
        return _joined(self._read_piece(view, flag, piece) for piece in pieces)

    def _read_piece(self, view: View, flag: Flag, lookups: Lookups) -> States:
        import numpy as np

        found = self.table.read_many(lookups)
        words, codes, doubt = found.words, found.codes, found.doubt
        unknown = np.flatnonzero(~found.known)
        if len(unknown):
            gone = self.table.read_many(
                suppression_lookups_of(self._suppression_key, lookups[unknown])
            )
            words[unknown], codes[unknown] = gone.words, gone.codes
            doubt[unknown] |= gone.doubt
        words >>= np.uint64(32)
        words &= np.uint64(0xFFFFFF)
        needed = codes[:, [view.places[purpose] for purpose in flag.purposes]]
        needed[doubt] = ASK_POSTGRES
        if not flag.purposes:  # it depends on the person's flags alone
            words[doubt] = STATE_IN_DOUBT
        return States(words.astype(np.uint32), needed)

    def decide_state(
        self, view: View, flag: Flag, word: int, codes: Sequence[int], region: str, gpc: bool
    ) -> Decision | None:
        """Decide for everyone who shares a state; None where PostgreSQL has to be asked."""
        if ASK_POSTGRES in codes or word == STATE_IN_DOUBT:
            return None
        every = [0] * len(view.places)
        for purpose, code in zip(flag.purposes, codes, strict=True):
            every[view.places[purpose]] = code
        slot = self.table.slot_of(word << 32, every)
        if slot.doubt:
            return None
        facts = slot.person(flag.purposes)
        now = datetime.fromtimestamp(self.clock.now(), UTC)
        if expires_on(facts, flag.purposes, now):
            return None
        moment = Circumstances(now=now, region=region, gpc=gpc)
        return decide(view.catalogue, flag.kind, flag.key, facts, moment)

    def _render(
        self, view: View, flag: Flag, person: Person, region: str, gpc: bool, surface: str
    ) -> Rendered | Slow:
        if ASK_POSTGRES in self._codes(flag, person):
            return SLOW
        facts = person.facts(flag.purposes)
        now = datetime.fromtimestamp(self.clock.now(), UTC)
        if expires_on(facts, flag.purposes, now):
            return SLOW
        moment = Circumstances(now=now, region=region, gpc=gpc, surface=surface)
        decision = decide(view.catalogue, flag.kind, flag.key, facts, moment)
        return Rendered(flag.tell(flag.key, decision, PLACE))

    def _codes(self, flag: Flag, person: Person) -> Sequence[int]:
        codes = flag.codes_of(person.codes) if flag.codes_of else ASK_POSTGRES
        return (codes,) if isinstance(codes, int) else codes


def decide(
    catalogue: Catalogue, kind: str, key: str, person: PersonFacts, moment: Circumstances
) -> Decision:
    """The one rule, for a purpose or a system."""
    rule = decide_purpose if kind == "purpose" else decide_system
    return rule(catalogue, key, person, moment)
