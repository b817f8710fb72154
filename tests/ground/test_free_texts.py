"""What people write about a decision may name anybody: the ledger's leaves never hold it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from governance.ledger.models import LedgerEntry, PersonalDetail
from governance.ledger.ports import LedgerPersonalDetails
from governance.registry import services as registry
from governance.reviews import services as reviews
from tests.reviews.stage import make_system

if TYPE_CHECKING:
    from tests.cast import Cast

SENTENCE = "Jane Doe of the warehouse asked for it."


def written_by_hand(cast: Cast) -> None:
    """One hold, one review, one waiver and one fallback, each with a sentence of a person."""
    system = make_system(cast)
    version = system.versions.get(key="v1")
    hold = registry.place_hold(
        system=system, cause="incident:1", reason=SENTENCE, actor=cast.actor("ivo")
    )
    registry.propose_release(hold=hold, actor=cast.actor("ada"), reason=SENTENCE)
    registry.set_fallback_version(
        system=system,
        version=None,
        actor=cast.actor("ada"),
        reason=SENTENCE,
    )
    review = reviews.start_review(version=version, actor=cast.actor("max"))
    item = next(one for one in review.run.checklist.items.all() if "ethics_reviewer" in one.roles)
    reviews.answer_item(
        review=review, code=item.code, outcome="fail", note=SENTENCE, actor=cast.actor("elif")
    )
    reviews.withdraw_review(approval=review, actor=cast.actor("max"), reason=SENTENCE)


def leaves_with(sentence: str) -> list[str]:
    return [
        entry.verb for entry in LedgerEntry.objects.all() if sentence in json.dumps(entry.facts)
    ]


def details_with(sentence: str) -> list[str]:
    found = PersonalDetail.objects.select_related("entry")
    return [row.entry.verb for row in found if sentence in json.dumps(row.values)]


@pytest.mark.django_db
def test_no_leaf_holds_a_sentence_and_erasure_takes_it_from_beside_the_leaf(cast: Cast) -> None:
    written_by_hand(cast)
    assert leaves_with(SENTENCE) == []
    assert sorted(details_with(SENTENCE)) == [
        "registry.fallback_version_set",
        "registry.hold_placed",
        "registry.hold_release_proposed",
        "reviews.item_answered",
        "reviews.review_withdrawn",
    ]
    for name in ("ivo", "ada", "max", "elif"):
        LedgerPersonalDetails().erase(cast.actor(name).reference)
    assert details_with(SENTENCE) == []
