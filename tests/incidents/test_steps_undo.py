"""Taking back a step: only where its playbook says how, and never by one person alone."""

from __future__ import annotations

import pytest

from governance.core.errors import Conflict, DomainError, Invalid, NotPermitted
from governance.core.events import HoldReleased
from governance.registry.models import Hold, System
from governance.registry.services import release_hold
from incidents.choices import StepState
from incidents.models import Incident
from incidents.receivers import resolve_when_lifted
from incidents.services.steps import run_automatic_steps, undo_step
from tests.cast import Cast
from tests.incidents.stepping import (
    MACHINE,
    a_step,
    audited,
    begin,
    carousel,
    step_of,
    version_of,
)

pytestmark = pytest.mark.django_db
REASON = "The alert came from a broken log, not from what people saw."


@pytest.fixture
def system(cast: Cast) -> System:
    return carousel(cast)


def run(incident: Incident) -> Incident:
    run_automatic_steps(incident=incident, actor=MACHINE)
    return incident


def serving(system: System) -> str:
    version = System.objects.get(pk=system.pk).serving_version
    assert version is not None
    return version.key


def test_what_declares_no_way_back_has_none(system: System, cast: Cast) -> None:
    incident = run(begin(cast, system, a_step("place_hold"), a_step("notify")))
    for key in ("place-hold", "notify"):
        with pytest.raises(Conflict, match="declares no way"):
            undo_step(step=step_of(incident, key), reason=REASON, actor=cast.actor("ivo"))


def test_only_a_person_who_commands_takes_back_and_says_why(system: System, cast: Cast) -> None:
    incident = run(begin(cast, system, a_step("place_hold", undo="propose_lift")))
    step = step_of(incident, "place-hold")
    with pytest.raises(NotPermitted):
        undo_step(step=step, reason=REASON, actor=cast.actor("max"))
    with pytest.raises(Invalid, match="why"):
        undo_step(step=step, reason="no", actor=cast.actor("ivo"))
    with pytest.raises(DomainError):
        undo_step(step=step, reason=REASON, actor=MACHINE)
    assert not Hold.objects.exclude(release_proposed_by="").exists()


def test_a_hold_is_taken_back_by_a_proposal_that_another_person_confirms(
    system: System, cast: Cast
) -> None:
    incident = run(begin(cast, system, a_step("place_hold", undo="propose_lift")))
    ivo = cast.actor("ivo")
    step = undo_step(step=step_of(incident, "place-hold"), reason=REASON, actor=ivo)
    hold = Hold.objects.get()
    assert (step.state, hold.released_at) == (StepState.DONE, None)
    assert hold.release_proposed_by == ivo.reference
    with pytest.raises(Conflict, match="another person"):
        undo_step(step=step, reason=REASON, actor=ivo)
    with pytest.raises(Conflict, match="another person"):
        release_hold(hold=hold, actor=ivo, reason=REASON)
    audited(system, "learned", "pass")
    Hold.objects.filter(pk=hold.pk).update(
        release_proposed_by="user:x", released_by="user:y", released_at=hold.placed_at
    )
    news = HoldReleased(hold_id=str(hold.pk), target_kind="system", target_key="carousel")
    resolve_when_lifted(news, actor=MACHINE)
    assert step_of(incident, "place-hold").state == StepState.UNDONE


def test_two_people_serve_the_former_version_again_once_its_audit_passes(
    system: System, cast: Cast
) -> None:
    incident = run(
        begin(cast, system, a_step("place_hold"), a_step("rollback_model", undo="roll_forward"))
    )
    assert serving(system) == "uniform"
    ivo, root = cast.actor("ivo"), cast.actor("root")
    step = step_of(incident, "rollback-model")
    with pytest.raises(Conflict, match="No audit of learned has passed"):
        undo_step(step=step, reason=REASON, actor=ivo)
    audited(system, "learned", "pass")
    undo_step(step=step, reason=REASON, actor=ivo)
    assert serving(system) == "uniform"
    with pytest.raises(Conflict, match="another person"):
        undo_step(step=step, reason=REASON, actor=ivo)
    ended = undo_step(step=step, reason=REASON, actor=root)
    assert (ended.state, serving(system)) == (StepState.UNDONE, "learned")
    with pytest.raises(Conflict, match="undone"):
        undo_step(step=ended, reason=REASON, actor=ivo)


def test_nothing_is_rolled_forward_over_what_somebody_else_put_in_place(
    system: System, cast: Cast
) -> None:
    from governance.registry.services import set_serving_version

    incident = run(
        begin(cast, system, a_step("place_hold"), a_step("rollback_model", undo="roll_forward"))
    )
    set_serving_version(
        system=system, version=version_of(system, "older"), actor=MACHINE, reason="better"
    )
    with pytest.raises(Conflict, match="Another version serves"):
        undo_step(step=step_of(incident, "rollback-model"), reason=REASON, actor=cast.actor("ivo"))
