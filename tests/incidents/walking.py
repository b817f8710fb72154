"""Incidents on their way through the REST doors, with a journal of what was done to each.

What is promised of them stands in `test_machine_api`.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from rest_framework.test import APIClient

from governance.core.actors import SystemActor
from governance.ledger.models import LedgerEntry
from governance.outbox.relay import deliver_events
from governance.people.choices import Scope
from governance.people.services import create_api_key
from governance.registry.models import Hold
from governance.signals.services import publish_signal
from incidents.choices import CONTAINMENT, ENDED, Kind, PostMortemState, Severity, State, StepType
from incidents.clocks.regimes import REGIMES
from incidents.machine import Facts, missing_for, reopens
from incidents.models import Incident, PostMortem
from incidents.post_mortem.sections import SECTIONS
from incidents.selectors import present_steps
from incidents.services import post_mortems
from incidents.services.clocks import rule_out_duties
from incidents.services.moving import gather_facts, take_command, write_cause
from incidents.services.opening import open_incident
from incidents.services.steps import complete_by_hand, perform_step
from incidents.services.steps.effects import EFFECTS
from tests.cast import ROLES, Cast
from tests.reviews.stage import approve_version, make_system, version_of

API = "/api/v1"
MACHINE = SystemActor("test")
WAY = (State.TRIAGE, State.ACTIVE, State.MITIGATED, State.RESOLVED, State.REVIEW, State.CLOSED)
#: Whom the permission table lets move an incident, and everybody else who may try.
MOVERS = ("ivo", "root", "key that commands")
OTHERS = (*sorted(set(ROLES) - set(MOVERS)), "key that reads", "key of another system", "nobody")
NOTES = ("", "It is back since noon, as bad as before.")
WHY = "Said in a sentence, as the guards want it."


class House:
    """One system with its team, programs with keys, and the doors that all of them knock on."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.system = make_system(cast)
        approve_version(cast, version_of(self.system, "plain"))
        self._clients = {name: self._client(name) for name in (*MOVERS, *OTHERS)}

    def _client(self, name: str) -> APIClient:
        client = APIClient()
        if name in ROLES:
            self.cast.sign_in(client, name)
        elif name != "nobody":
            scopes = [Scope.REGISTRY_READ]
            if name != "key that reads":
                scopes.append(Scope.INCIDENTS_WRITE)
            systems = ["elsewhere"] if name == "key of another system" else None
            client.credentials(HTTP_X_API_KEY=key_with(scopes, systems))
        return client

    def post(self, who: str, path: str, body: dict[str, Any]) -> Any:
        return self._clients[who].post(f"{API}/{path}", body, format="json")

    def get(self, who: str, path: str) -> Any:
        return self._clients[who].get(f"{API}/{path}")

    def open(self, cause: str = "breach:a") -> Incident:
        incident, _created = open_incident(
            title="Too concentrated",
            summary="Eight items take half of all impressions.",
            kind=Kind.BIAS,
            severity=Severity.S2,
            cause_key=cause,
            system=self.system,
            actor=MACHINE,
        )
        return incident

    def lift(self, incident: Incident) -> list[int]:
        """Two people lift every hold of an incident; returns what the doors answered."""
        answers = []
        for hold in Hold.objects.active().filter(incident_reference=incident.reference):
            for who in ("elif", "ada"):
                reply = self.post(who, f"holds/{hold.pk}/lift", {"reason": WHY})
                answers.append(reply.status_code)
        deliver_events()
        return answers


def key_with(scopes: list[Scope], systems: list[str] | None = None) -> str:
    _key, secret = create_api_key(
        name="program", scopes=[str(one) for one in scopes], actor=MACHINE, system_keys=systems
    )
    return secret


@dataclass
class Journal:
    """What has been done to one incident, noted down beside the database."""

    state: str = State.REPORTED
    commander: bool = False
    contained: bool = False
    verified: bool = False
    holds: int = 0
    audited: bool = False  # since the hold was placed, or the harm came back
    cause: bool = False
    hold_step_done: bool = False
    episode: int = 1

    def check(self, facts: Facts) -> None:
        """The guards look at what was done, and at nothing else."""
        assert self.state == facts.state
        assert self.commander == facts.has_commander
        assert self.contained == facts.contained
        assert self.verified == facts.verified
        assert self.holds == facts.holds_active
        assert self.cause == facts.cause_written


class Way:
    """One incident on its way: deeds that make facts true, and moves that people ask for."""

    def __init__(self, house: House, cause: str = "breach:a") -> None:
        self.house = house
        self.incident = house.open(cause)
        self.journal = Journal()
        self.refusal = ""

    def again(self) -> Way:
        """The same incident read anew, with a journal of its own."""
        way = copy(self)
        way.incident, way.journal = Incident.objects.get(pk=self.incident.pk), replace(self.journal)
        return way

    @cached_property
    def ivo(self) -> Any:
        return self.house.cast.actor("ivo")

    def do(self, deed: str) -> None:
        getattr(self, f"_{deed}")()
        self.incident.refresh_from_db()
        self.journal.check(gather_facts(self.incident))

    def _command(self) -> None:
        take_command(incident=self.incident, user=self.house.cast.ivo, actor=self.ivo)
        self.journal.commander = True
        if self.journal.state == State.REPORTED:
            self.journal.state = State.TRIAGE

    def _contain(self) -> None:
        for kind in (StepType.PLACE_HOLD, StepType.ROLLBACK_MODEL):
            perform_step(step=present_steps(self.incident).get(type=kind), actor=self.ivo)
        if self.journal.hold_step_done:
            return
        self.journal.hold_step_done = self.journal.contained = True
        if not self.journal.holds:
            self.journal.holds, self.journal.audited = 1, False
        if self.journal.state == State.ACTIVE:
            self.journal.state = State.MITIGATED

    def _verify(self) -> None:
        step = present_steps(self.incident).get(type=StepType.RUN_AUDIT)
        if step.state in ENDED:
            return
        complete_by_hand(step=step, note=WHY, actor=self.ivo)
        publish_signal(
            key="audit.concentration.verdict",
            scope_key="carousel:plain",
            value="pass",
            state="ok",
            sentence="The limit is kept.",
            source="run",
            actor=MACHINE,
        )
        self.journal.verified = self.journal.audited = True

    def _lift(self) -> None:
        if not self.journal.holds:
            return
        answers = self.house.lift(self.incident)
        if not self.journal.audited:
            assert answers in ([202, 412], [409, 412])
            return
        assert answers in ([202, 200], [409, 200])
        self.journal.holds = 0
        if self.journal.state == State.MITIGATED and self.journal.verified:
            self.journal.state = State.RESOLVED

    def _explain(self) -> None:
        write_cause(incident=self.incident, cause="The reward counts clicks only.", actor=self.ivo)
        self.journal.cause = True

    def _rule_out(self) -> None:
        rule_out_duties(
            incident=self.incident,
            regime_keys=[one.key for one in REGIMES],
            statement=WHY,
            actor=self.house.cast.actor("pia"),
        )

    def _freeze(self) -> None:
        written = PostMortem.objects.filter(incident=self.incident).first()
        if written is None or written.state == PostMortemState.FROZEN:
            return
        elif_ = self.house.cast.actor("elif")
        for section in SECTIONS:
            if section.mandatory and not written.sections.get(section.key):
                written = post_mortems.write_section(
                    post_mortem=written,
                    key=section.key,
                    text=f"{section.title}: {WHY}",
                    revision=written.revision,
                    actor=elif_,
                )
        proposed = post_mortems.propose_freezing(
            post_mortem=written, visibility="public", note=WHY, actor=elif_
        )
        post_mortems.freeze_post_mortem(post_mortem=proposed, actor=self.ivo)

    def _finish_steps(self) -> None:
        """What runs by itself runs, and people do the rest: also what was handed over to them."""
        for step in present_steps(self.incident).exclude(state__in=ENDED):
            others = step.type not in (*CONTAINMENT, StepType.RUN_AUDIT)
            if step.type in EFFECTS and others:
                perform_step(step=step, actor=MACHINE)
                step.refresh_from_db()
            if step.type == StepType.BY_HAND or step.handed_over_at is not None:
                complete_by_hand(step=step, note=WHY, actor=self.ivo)
        if self.journal.holds:
            # One of them says that it has stopped: what the episode before held is held still.
            self.journal.contained = True
            if self.journal.state == State.ACTIVE:
                self.journal.state = State.MITIGATED

    def ask(self, who: str, target: str, note: str) -> int:
        """Request a move; the door answers as the machine does, and a refusal leaves no trace."""
        facts = gather_facts(self.incident)
        self.journal.check(facts)
        missing, before = missing_for(facts, target), self.trace()
        needs_reason = reopens(facts.state, target) and not note
        body = {"state": target, "note": note} if note else {"state": target}
        reply = self.house.post(who, f"incidents/{self.incident.reference}/move", body)
        self.refusal = reply.json().get("detail", "")
        self.incident.refresh_from_db()
        if who not in MOVERS:
            assert reply.status_code in (401, 403, 404), (who, reply.json())
        elif missing:
            assert reply.status_code == 409, (facts, target, reply.json())
            assert reply.json()["detail"] == " ".join(missing)
        elif needs_reason:
            assert reply.status_code == 422
        else:
            assert reply.status_code == 200, reply.json()
            assert reply.json()["state"] == self.incident.state == target
            self.note_move(target)
            assert self.trace() != before
            return int(reply.status_code)
        assert self.trace() == before
        assert self.incident.state == facts.state
        return int(reply.status_code)

    def note_move(self, target: str) -> None:
        if reopens(self.journal.state, target):
            self.journal = replace(
                self.journal,
                contained=False,
                verified=False,
                audited=False,
                hold_step_done=False,
                episode=self.journal.episode + 1,
            )
        self.journal.state = target
        assert self.incident.episode == self.journal.episode

    def trace(self) -> tuple[Any, ...]:
        row = Incident.objects.filter(pk=self.incident.pk).values().get()
        return (
            row,
            self.incident.timeline.count(),
            present_steps(self.incident).count(),
            PostMortem.objects.filter(incident=self.incident).count(),
            LedgerEntry.objects.count(),
        )


#: What makes the next state of the straight way reachable.
DEEDS_BEFORE: dict[str, tuple[str, ...]] = {
    State.TRIAGE: ("command",),
    State.ACTIVE: (),
    State.MITIGATED: ("contain",),
    State.RESOLVED: ("verify", "lift"),
    State.REVIEW: (),
    State.CLOSED: ("explain", "rule_out", "freeze", "finish_steps"),
}
DEEDS = sorted({deed for deeds in DEEDS_BEFORE.values() for deed in deeds})


def walk_to(way: Way, state: str) -> None:
    """Take the straight way up to a state, each move asked for at the REST door."""
    for target in WAY[: WAY.index(State(state)) + 1] if state in WAY else ():
        for deed in DEEDS_BEFORE[target]:
            way.do(deed)
        if way.journal.state != target:
            assert way.ask("ivo", target, "") == 200, way.refusal
    assert way.journal.state == state
