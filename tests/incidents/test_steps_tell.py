"""Steps that tell, ask, draft and review: rows for others to carry out, facts to wait for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from governance.core.clock import database_now
from governance.outbox.models import Notice
from governance.outbox.webhooks import sending
from governance.outbox.webhooks.models import EndpointState, MessageState, WebhookMessage
from governance.outbox.webhooks.services import register_endpoint
from governance.registry.models import System
from governance.reviews.models import Approval
from incidents.choices import Audience, CommunicationState, StepState
from incidents.clocks.regimes import BY_KEY
from incidents.models import Communication, Incident
from incidents.services.clocks import rule_out_duties
from incidents.services.moving import take_command
from incidents.services.steps import perform_step, run_automatic_steps, undo_step
from incidents.tasks import tick
from tests.cast import Cast
from tests.incidents.stepping import MACHINE, a_step, begin, carousel, step_of
from tests.outbox.receiving import receiving

pytestmark = pytest.mark.django_db
CALL = a_step("webhook", params={"endpoint": "partner"})


@pytest.fixture
def system(cast: Cast) -> System:
    return carousel(cast)


@pytest.fixture
def private(settings: Any) -> None:
    settings.WEBHOOK_PRIVATE = True


def run(incident: Incident) -> Incident:
    run_automatic_steps(incident=incident, actor=MACHINE)
    return incident


def test_the_roles_of_a_step_are_told_once_and_those_of_the_system_only(
    system: System, cast: Cast
) -> None:
    incident = run(begin(cast, system, a_step("notify", params={"roles": ["dpo", "admin"]})))
    run(incident)
    told = Notice.objects.get(subject__contains="Too concentrated", body=incident.summary)
    assert told.recipients == ["role:admin@carousel", "role:dpo@carousel"]
    assert step_of(incident, "notify").effect == {"roles": ["dpo", "admin"]}


def test_nobody_is_escalated_to_while_there_is_time_or_a_commander(
    system: System, cast: Cast
) -> None:
    escalate = a_step("escalate", params={"roles": ["admin"], "minutes": 10})
    incident = run(begin(cast, system, escalate))
    step = step_of(incident, "escalate")
    assert step.next_attempt_at == incident.detected_at + timedelta(minutes=10)
    take_command(incident=incident, user=cast.ivo, actor=cast.actor("ivo"))
    run(incident)
    assert step_of(incident, "escalate").state == StepState.DONE
    assert not Notice.objects.filter(recipients=["role:admin@carousel"]).exists()


def test_the_next_in_line_is_told_when_nobody_took_command_in_time(
    system: System, cast: Cast
) -> None:
    escalate = a_step("escalate", params={"roles": ["admin"], "minutes": 10})
    incident = run(begin(cast, system, escalate))
    late = incident.detected_at - timedelta(minutes=11)
    Incident.objects.filter(pk=incident.pk).update(detected_at=late, reported_at=late)
    incident.steps.update(next_attempt_at=late)
    tick()
    assert Notice.objects.filter(recipients=["role:admin@carousel"]).count() == 1
    assert "Nobody has taken command" in step_of(incident, "escalate").outcome


def test_no_step_starts_a_clock_of_law_it_asks_once_and_waits_for_a_person(
    system: System, cast: Cast
) -> None:
    incident = run(begin(cast, system, a_step("start_clock", params={"regime": "gdpr-33"})))
    for _ in range(3):
        run(incident)
    assert not incident.clocks.exists()
    assert step_of(incident, "start-clock").state == StepState.WAITING
    assert Notice.objects.filter(subject__contains="decide whether").count() == 1
    rule_out_duties(
        incident=incident,
        regime_keys=["gdpr-33"],
        statement="No personal data were exposed at any moment.",
        actor=cast.actor("pia"),
    )
    run(incident)
    step = step_of(incident, "start-clock")
    assert step.state == StepState.DONE
    assert "does not apply" in step.outcome


def test_a_draft_is_kept_with_the_incident_and_files_nothing(system: System, cast: Cast) -> None:
    incident = run(begin(cast, system, a_step("draft_report", params={"regime": "gdpr-33"})))
    kept = incident.evidence.get()
    assert kept.title == f"Draft report: {BY_KEY['gdpr-33'].article}"
    assert kept.content["incident"] == incident.reference
    assert step_of(incident, "draft-report").effect == {"evidence": str(kept.pk)}
    assert not incident.clocks.exists()


def test_the_checklist_of_the_cause_is_open_again_and_once(system: System, cast: Cast) -> None:
    incident = run(
        begin(
            cast,
            system,
            a_step("open_checklist", "first", params={"of": "cause"}),
            a_step("open_checklist", "second", params={"of": "cause"}),
        )
    )
    review = Approval.objects.get()
    assert review.version == incident.version
    assert incident.reference in review.note
    assert step_of(incident, "first").effect == step_of(incident, "second").effect
    assert "open already" in step_of(incident, "second").outcome


def test_an_audit_waits_until_something_else_serves(system: System, cast: Cast) -> None:
    from tests.incidents.stepping import audited

    plan = audited(system, "uniform", "pass")
    incident = run(begin(cast, system, a_step("run_audit"), plan=plan))
    step = step_of(incident, "run-audit")
    assert step.state == StepState.WAITING
    assert "roll it back first" in step.outcome
    incident = run(
        begin(
            cast,
            system,
            a_step("run_audit", params={"plan": "no-such-plan"}),
            cause_key="breach:b",
        )
    )
    assert "no plan 'no-such-plan'" in step_of(incident, "run-audit").outcome


def test_an_internal_update_is_written_by_the_step_and_ends_with_its_sending(
    system: System, cast: Cast
) -> None:
    incident = run(begin(cast, system, a_step("status_update", undo="correction")))
    made = Communication.objects.get()
    assert (made.audience, made.incident) == (Audience.INTERNAL, incident)
    assert step_of(incident, "status-update").effect["communication"] == str(made.pk)
    run(incident)
    assert Communication.objects.count() == 1


def test_what_people_are_told_waits_for_a_second_person(system: System, cast: Cast) -> None:
    incident = run(begin(cast, system, a_step("status_update", params={"audience": "people"})))
    made = Communication.objects.get()
    step = step_of(incident, "status-update")
    assert (made.state, step.state) == (CommunicationState.DRAFT, StepState.WAITING)
    Communication.objects.filter(pk=made.pk).update(state=CommunicationState.DISCARDED)
    run(incident)
    step = step_of(incident, "status-update")
    assert step.state == StepState.FAILED and step.handed_over_at is not None
    perform_step(step=step, actor=MACHINE)
    assert Communication.objects.count() == 2


def test_a_sent_update_is_taken_back_by_a_correction(system: System, cast: Cast) -> None:
    incident = run(begin(cast, system, a_step("status_update", undo="correction")))
    run(incident)
    step = step_of(incident, "status-update")
    assert step.state == StepState.DONE
    reason = "The number of people was wrong."
    undone = undo_step(step=step, reason=reason, actor=cast.actor("ivo"))
    assert undone.state == StepState.UNDONE
    assert Communication.objects.filter(corrects=Communication.objects.earliest("created_at"))


def test_a_webhook_is_one_message_and_ends_when_it_was_taken(
    system: System, cast: Cast, private: None
) -> None:
    with receiving() as receiver:
        register_endpoint(name="partner", url=receiver.url, actor=MACHINE)
        incident = run(begin(cast, system, CALL))
        run(incident)
        message = WebhookMessage.objects.get(event_type="tactful.incident.step")
        assert step_of(incident, "webhook").state == StepState.WAITING
        assert message.urgent
        sending.deliver_due()
    run(incident)
    assert step_of(incident, "webhook").state == StepState.DONE
    (got,) = receiver.got
    assert b'"step":"webhook"' in got.body and incident.reference.encode() in got.body


def test_a_webhook_given_up_is_a_persons_and_trying_again_is_a_new_message(
    system: System, cast: Cast, private: None
) -> None:
    endpoint, _secret = register_endpoint(
        name="partner", url="http://127.0.0.1:9/hook", actor=MACHINE
    )
    incident = run(begin(cast, system, CALL))
    WebhookMessage.objects.filter(endpoint=endpoint).update(
        state=MessageState.FAILED, done_at=database_now(), last_error="no answer"
    )
    run(incident)
    step = step_of(incident, "webhook")
    assert step.state == StepState.FAILED and step.handed_over_at is not None
    assert Notice.objects.filter(subject__contains="needs a person").count() == 1
    again = perform_step(step=step, actor=cast.actor("ivo"))
    assert again.state == StepState.WAITING
    assert WebhookMessage.objects.filter(endpoint=endpoint).count() == 2


def test_an_endpoint_that_is_gone_or_unknown_is_said_so(
    system: System, cast: Cast, private: None
) -> None:
    endpoint, _secret = register_endpoint(
        name="partner", url="http://127.0.0.1:9/hook", actor=MACHINE
    )
    type(endpoint).objects.filter(pk=endpoint.pk).update(state=EndpointState.GONE)
    incident = run(begin(cast, system, CALL))
    assert "no webhook endpoint 'partner'" in step_of(incident, "webhook").outcome


def test_a_drill_says_so_and_starts_no_duty(system: System, cast: Cast) -> None:
    incident = begin(
        cast,
        system,
        a_step("notify"),
        a_step("start_clock", params={"regime": "gdpr-33"}),
    )
    Incident.objects.filter(pk=incident.pk).update(drill=True)
    incident.refresh_from_db()
    run(incident)
    assert Notice.objects.filter(subject__startswith="Drill: INC-").exists()
    assert "is a drill" in step_of(incident, "start-clock").outcome
