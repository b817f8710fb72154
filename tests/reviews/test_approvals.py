"""Promises about approvals: two roles, two people, never the author, stale at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from governance.core.errors import Conflict, Invalid, NotFound, NotPermitted
from governance.outbox.models import EventRow
from governance.outbox.relay import relay_once
from governance.people.services import assign_role
from governance.registry import services as registry
from governance.registry.models import DataFlow, Feature, System
from governance.reviews import content, services
from governance.reviews.gates import GateDecision, evaluate_gate
from governance.reviews.models import ApprovalStep
from governance.reviews.services import EvidenceInput
from governance.signals.services import publish_signal
from tests.reviews.stage import STAGE, answer_all, approve_version, make_system, version_of

if TYPE_CHECKING:
    from tests.cast import Cast


@pytest.fixture
def carousel(cast: Cast) -> System:
    return make_system(cast)


def ask(system: System, gate: str = "release", version: str = "v1") -> GateDecision:
    system = System.objects.get(pk=system.pk)
    return evaluate_gate(gate, system, version_of(system, version))


def codes(decision: GateDecision) -> set[str]:
    return {one.code for one in decision.missing}


def test_a_version_without_a_review_is_refused_in_words(carousel: System) -> None:
    decision = ask(carousel)
    assert not decision.allowed
    assert codes(decision) == {"approval"}
    assert "has no approval" in decision.missing[0].sentence


def test_two_roles_approve_and_the_gate_opens(carousel: System, cast: Cast) -> None:
    approval = approve_version(cast, version_of(carousel))
    assert approval.state == "approved"
    assert version_of(carousel).state == "approved"
    decision = ask(carousel)
    assert decision.missing == ()
    assert decision.allowed


def test_one_signature_is_not_an_approval(carousel: System, cast: Cast) -> None:
    review = services.start_review(version=version_of(carousel), actor=cast.actor("ada"))
    answer_all(review)
    services.approve(approval=review, actor=cast.actor("ada"))
    assert version_of(carousel).state == "in_review"
    assert codes(ask(carousel)) == {"approval"}


def test_nobody_signs_both_seats(carousel: System, cast: Cast) -> None:
    assign_role(user=cast.ada, role="ethics_reviewer", actor=STAGE)
    review = services.start_review(version=version_of(carousel), actor=cast.actor("max"))
    answer_all(review)
    services.approve(approval=review, actor=cast.actor("ada"), role="product_owner")
    with pytest.raises(Conflict, match="another person"):
        services.approve(approval=review, actor=cast.actor("ada"), role="ethics_reviewer")
    step = review.steps.get()
    with pytest.raises(IntegrityError, match="one_seat_a_person"), transaction.atomic():
        ApprovalStep.objects.create(
            approval=review,
            seat="oversight",
            role="ethics_reviewer",
            decided_by=step.decided_by,
            decided_at=step.decided_at,
        )


def test_nobody_approves_their_own_work(carousel: System, cast: Cast) -> None:
    assign_role(user=cast.max, role="product_owner", actor=STAGE)
    review = services.start_review(version=version_of(carousel), actor=cast.actor("max"))
    answer_all(review)
    with pytest.raises(NotPermitted, match="own work"):
        services.approve(approval=review, actor=cast.actor("max"))


def test_who_changed_what_an_approval_covers_does_not_sign_the_next(
    carousel: System, cast: Cast
) -> None:
    approve_version(cast, version_of(carousel))
    registry.update_system(
        system=carousel, description="Now also at night.", actor=cast.actor("ada")
    )
    review = services.start_review(version=version_of(carousel), actor=cast.actor("max"))
    answer_all(review)
    with pytest.raises(NotPermitted, match="own work"):
        services.approve(approval=review, actor=cast.actor("ada"))


@pytest.mark.parametrize("name", ["max", "dan", "root", "ivo", "aud"])
def test_other_roles_do_not_sign(carousel: System, cast: Cast, name: str) -> None:
    review = services.start_review(version=version_of(carousel), actor=cast.actor("ada"))
    answer_all(review)
    with pytest.raises(NotPermitted):
        services.approve(approval=review, actor=cast.actor(name))


def test_an_unanswered_item_blocks_the_signature(carousel: System, cast: Cast) -> None:
    review = services.start_review(version=version_of(carousel), actor=cast.actor("ada"))
    with pytest.raises(Conflict, match="R-02"):
        services.approve(approval=review, actor=cast.actor("ada"))


@pytest.mark.parametrize("piece", ["feature", "surface", "purpose", "flow", "system", "version"])
def test_a_change_to_any_covered_piece_makes_the_approval_stale_at_once(
    carousel: System, cast: Cast, piece: str
) -> None:
    version = version_of(carousel)
    approve_version(cast, version)
    surface = carousel.surfaces.get()
    changes: dict[str, Callable[[], object]] = {
        "feature": lambda: registry.update_feature(
            feature=Feature.objects.get(), retention="P1Y", actor=STAGE
        ),
        "surface": lambda: registry.update_surface(
            surface=surface, objective="Clicks", actor=STAGE
        ),
        "purpose": lambda: registry.update_purpose(
            purpose=surface.purposes.get(), description="More.", actor=STAGE
        ),
        "flow": lambda: registry.update_flow(
            flow=DataFlow.objects.get(), categories=["clicks", "location"], actor=STAGE
        ),
        "system": lambda: registry.update_system(system=carousel, on_pause="off", actor=STAGE),
        "version": lambda: registry.update_version(
            version=version, training_note="New data", actor=STAGE
        ),
    }
    changes[piece]()
    decision = ask(carousel)
    assert codes(decision) == {"approval-stale"}
    assert f"{piece} " in decision.missing[0].sentence


def test_the_difference_says_in_words_what_changed(carousel: System, cast: Cast) -> None:
    approval = approve_version(cast, version_of(carousel))
    registry.update_feature(feature=Feature.objects.get(), retention="P1Y", actor=STAGE)
    assert content.diff(approval) == [
        "Feature carousel-clicks: retention changed from P90D to P1Y."
    ]


def test_a_change_that_is_undone_is_no_change(carousel: System, cast: Cast) -> None:
    approve_version(cast, version_of(carousel))
    feature = Feature.objects.get()
    registry.update_feature(feature=feature, retention="P1Y", actor=STAGE)
    registry.update_feature(feature=feature, retention="P90D", actor=STAGE)
    assert ask(carousel).allowed


def test_seeing_a_declared_flow_leaves_the_approval_fresh(carousel: System, cast: Cast) -> None:
    approve_version(cast, version_of(carousel))
    registry.observe_flow(flow=DataFlow.objects.get(), observed_at=timezone.now(), actor=STAGE)
    assert ask(carousel).allowed


def test_staleness_is_announced_once(carousel: System, cast: Cast) -> None:
    approve_version(cast, version_of(carousel))
    relay_once()
    for retention in ("P1Y", "P2Y"):
        registry.update_feature(feature=Feature.objects.get(), retention=retention, actor=STAGE)
    relay_once()
    told = EventRow.objects.get(name="ApprovalStale")
    assert told.payload["changed"] == ["feature carousel-clicks"]


def test_what_changes_during_a_review_voids_the_signatures(carousel: System, cast: Cast) -> None:
    review = services.start_review(version=version_of(carousel), actor=cast.actor("max"))
    answer_all(review)
    services.approve(approval=review, actor=cast.actor("ada"))
    registry.update_feature(feature=Feature.objects.get(), retention="P1Y", actor=STAGE)
    with pytest.raises(Conflict, match="changed from P90D to P1Y"):
        services.approve(approval=review, actor=cast.actor("elif"))
    services.renew_review(review=review, actor=cast.actor("max"))
    services.approve(approval=review, actor=cast.actor("elif"))
    assert version_of(carousel).state == "in_review"
    services.approve(approval=review, actor=cast.actor("ada"))
    assert ask(carousel).allowed


def test_a_version_under_new_review_can_still_be_rolled_back_to(
    carousel: System, cast: Cast
) -> None:
    plain = version_of(carousel, "plain")
    approve_version(cast, plain)
    services.start_review(version=plain, actor=cast.actor("max"))
    registry.set_serving_version(
        system=carousel, version=plain, actor=cast.actor("ivo"), reason="roll back"
    )
    assert version_of(carousel, "plain").state == "serving"


def test_only_an_approved_version_serves(carousel: System, cast: Cast) -> None:
    with pytest.raises(Conflict, match="only an approved version may serve"):
        registry.set_serving_version(
            system=carousel, version=version_of(carousel), actor=cast.actor("ada"), reason="now"
        )


def test_a_rejection_says_why_and_sends_the_version_back(carousel: System, cast: Cast) -> None:
    review = services.start_review(version=version_of(carousel), actor=cast.actor("max"))
    with pytest.raises(Invalid):
        services.reject(approval=review, actor=cast.actor("elif"), comment=" ")
    services.reject(approval=review, actor=cast.actor("elif"), comment="No group data.")
    assert version_of(carousel).state == "registered"


def test_a_rejected_second_review_closes_the_gate(carousel: System, cast: Cast) -> None:
    version = version_of(carousel)
    approve_version(cast, version)
    review = services.start_review(version=version, actor=cast.actor("max"))
    services.reject(approval=review, actor=cast.actor("pia"), comment="The notice is wrong.")
    assert codes(ask(carousel)) == {"rejected"}


def test_the_register_answers_the_items_it_knows(carousel: System, cast: Cast) -> None:
    approve_version(cast, version_of(carousel))
    Feature.objects.update(retention="")
    decision = ask(carousel)
    assert "R-06" in codes(decision)
    sentence = next(one.sentence for one in decision.missing if one.code == "R-06")
    assert "carousel-clicks" in sentence


def test_evidence_that_ended_reopens_its_item(carousel: System, cast: Cast) -> None:
    review = services.start_review(version=version_of(carousel), actor=cast.actor("max"))
    answer_all(review)
    services.answer_item(
        review=review,
        code="G-02",
        outcome="pass",
        evidence=[EvidenceInput("Use case", expires_at=timezone.now() - timedelta(days=1))],
        actor=cast.actor("ada"),
    )
    with pytest.raises(Conflict, match="G-02"):
        services.approve(approval=review, actor=cast.actor("elif"))


def test_an_item_is_answered_by_its_roles_with_evidence(carousel: System, cast: Cast) -> None:
    review = services.start_review(version=version_of(carousel), actor=cast.actor("max"))
    proof = [EvidenceInput("Note on the lawful basis")]
    with pytest.raises(NotPermitted, match="privacy lead"):
        services.answer_item(
            review=review, code="R-02", outcome="pass", evidence=proof, actor=cast.actor("ada")
        )
    with pytest.raises(Invalid, match="evidence"):
        services.answer_item(review=review, code="R-02", outcome="pass", actor=cast.actor("pia"))
    services.answer_item(
        review=review, code="R-02", outcome="pass", evidence=proof, actor=cast.actor("pia")
    )


def test_a_waiver_covers_an_item_until_it_ends(carousel: System, cast: Cast) -> None:
    approve_version(cast, version_of(carousel))
    Feature.objects.update(retention="")
    waiver = services.request_waiver(
        system=carousel,
        item_code="R-06",
        reason="The log is deleted with the pilot.",
        expires_at=timezone.now() + timedelta(days=30),
        actor=cast.actor("ada"),
    )
    assert "R-06" in codes(ask(carousel))
    with pytest.raises(NotPermitted):
        services.grant_waiver(waiver=waiver, actor=cast.actor("ada"))
    services.grant_waiver(waiver=waiver, actor=cast.actor("elif"))
    assert "R-06" not in codes(ask(carousel))
    type(waiver).objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "R-06" in codes(ask(carousel))


def verdict(version_key: str, state: str) -> None:
    publish_signal(
        key="audit.exposure.verdict",
        scope_key=f"carousel:{version_key}",
        value="pass" if state == "ok" else state,
        state=state,
        sentence="Top share 0.52 (0.51 to 0.53); the limit is 0.30.",
        source="run",
        actor=STAGE,
    )


def test_a_failing_verdict_closes_the_release_gate(carousel: System, cast: Cast) -> None:
    approve_version(cast, version_of(carousel))
    verdict("v1", "ok")
    assert ask(carousel).allowed
    verdict("v1", "fail")
    assert codes(ask(carousel)) == {"verdict-fail"}


def test_a_passed_review_date_closes_the_release_gate(carousel: System, cast: Cast) -> None:
    approve_version(cast, version_of(carousel))
    System.objects.update(review_due=timezone.now().date() - timedelta(days=1))
    assert codes(ask(carousel)) == {"review-due", "G-12"}


def test_lifting_needs_a_pass_for_the_version_that_would_serve(
    carousel: System, cast: Cast
) -> None:
    for key in ("v1", "plain"):
        approve_version(cast, version_of(carousel, key))
    registry.set_serving_version(
        system=carousel, version=version_of(carousel), actor=STAGE, reason="launch"
    )
    verdict("plain", "ok")
    verdict("v1", "fail")
    hold = registry.place_hold(
        system=carousel,
        cause="incident:1",
        reason="Too few items get shown.",
        incident_reference="INC-1",
        actor=STAGE,
    )
    registry.propose_release(hold=hold, actor=cast.actor("ada"), reason="Fixed.")
    assert codes(ask(carousel, "release_hold")) == {"verdict-fail", "verification"}
    registry.set_serving_version(
        system=carousel, version=version_of(carousel, "plain"), actor=STAGE, reason="roll back"
    )
    # The pass of the fallback is older than the hold: it verifies nothing about the fix.
    assert codes(ask(carousel, "release_hold", "plain")) == {"verification"}
    from governance.core.errors import PreconditionFailed

    with pytest.raises(PreconditionFailed, match="No audit of version plain has passed since"):
        registry.release_hold(hold=hold, actor=cast.actor("ivo"), reason="Looks fine.")
    verdict("plain", "ok")
    assert ask(carousel, "release_hold", "plain").allowed
    registry.release_hold(hold=hold, actor=cast.actor("ivo"), reason="Verified.")


def test_an_inconclusive_verdict_verifies_nothing(carousel: System, cast: Cast) -> None:
    verdict("v1", "inconclusive")
    assert codes(ask(carousel, "release_hold")) == {"verification"}


def test_a_hold_by_hand_is_lifted_by_two_people_unless_an_audit_fails(
    carousel: System, cast: Cast
) -> None:
    approve_version(cast, version_of(carousel))
    registry.set_serving_version(
        system=carousel, version=version_of(carousel), actor=STAGE, reason="launch"
    )
    hold = registry.place_hold(
        system=carousel, cause="manual", reason="A complaint.", actor=cast.actor("ivo")
    )
    assert ask(carousel, "release_hold").allowed
    registry.propose_release(hold=hold, actor=cast.actor("ada"), reason="Answered.")
    verdict("v1", "fail")
    with pytest.raises(Exception, match="fail"):
        registry.release_hold(hold=hold, actor=cast.actor("ivo"), reason="Answered.")


def run_gate(*words: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command("gate", *words, stdout=out, stderr=err)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_the_command_answers_by_its_exit_code(carousel: System, cast: Cast) -> None:
    code, out, _ = run_gate("release", "carousel", "v1")
    assert (code, len(out.splitlines())) == (1, 2)
    assert "has no approval" in out
    approve_version(cast, version_of(carousel))
    assert run_gate("release", "carousel", "v1") == (0, "release carousel:v1: allow\n", "")
    assert run_gate("release", "carousel", "v9")[0] == 2
    assert run_gate("release", "nothing", "v1")[0] == 2
    assert run_gate("design", "carousel", "v1")[0] == 2


def test_eve_can_neither_start_nor_answer_a_review(carousel: System, cast: Cast) -> None:
    with pytest.raises(NotFound):
        services.start_review(version=version_of(carousel), actor=cast.actor("eve"))
