"""What the stagehand does inside its process: systems prepared, people's deeds done over services.

Models are imported where they are used: the test's own process never loads this stage.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

WHY = "Said in a sentence, as the guards want it."
SIGNAL, EVERYWHERE = "consent.recipients_overdue", "organisation"


def people() -> dict[str, str]:
    """The cast, and a session for each who clicks."""
    from django.conf import settings
    from django.test import Client

    from tests.cast import Cast

    cast = known(Cast())
    sessions = {}
    for name in ("ada", "elif", "max", "ivo", "pia", "dan", "root"):
        client = cast.sign_in(Client(), name)
        sessions[name] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return sessions


def prepare(system: str, hook: str, target: str) -> dict[str, str]:
    """A system that serves v1 and has an approved fallback, a red line, and one place that serves.

    Returns the key the place reports with and the secret of its webhooks.
    """
    from governance.core.actors import SystemActor
    from governance.outbox import relay as outbox
    from governance.outbox.webhooks.services import register_endpoint
    from governance.people.choices import Scope
    from governance.people.services import create_api_key
    from governance.registry import services as registry
    from incidents.services.copying import import_playbook
    from incidents.services.targets import register_target
    from tests.cast import Cast
    from tests.reviews.stage import approve_version, make_system, version_of
    from tests.trust.proof_playbook import proof_playbook

    stage, cast = SystemActor("stage"), known(Cast())
    made = make_system(cast, system)
    for surface in made.surfaces.all():  # on grounds on which nobody needs to be asked first
        registry.update_surface(surface=surface, purposes=[purpose()], actor=stage)
    for feature in made.features.all():
        registry.update_feature(feature=feature, allowed_purposes=[purpose()], actor=stage)
    for key in ("plain", "v1"):
        approve_version(cast, version_of(made, key))
    registry.set_serving_version(
        system=made, version=version_of(made), actor=stage, reason="The first."
    )
    outbox.deliver_events()  # the first version is no effect of an incident: nobody is told of it
    kinds = ["hold.placed", "hold.released", "serving_version.changed", "incident.opened"]
    _endpoint, secret = register_endpoint(
        name=system, url=hook, event_types=[f"tactful.{kind}" for kind in kinds], actor=stage
    )
    _key, api_key = create_api_key(
        name=system, scopes=[Scope.CONSENT_CHECK], system_keys=[system], actor=stage
    )
    import_playbook(text=proof_playbook(system), actor=stage)
    made.refresh_from_db()
    register_target(system=made, key=target, title="The shop", actor=cast.actor("max"))
    return {"api_key": api_key, "secret": secret}


def purpose() -> Any:
    """What the systems are for: the same for everybody who does not object."""
    from governance.core.actors import SystemActor
    from governance.registry import services as registry
    from governance.registry.choices import LawfulBasis, Mechanism
    from governance.registry.models import PersonalizationType, Purpose

    if known_one := Purpose.objects.filter(key="order_of_items").first():
        return known_one
    stage = SystemActor("stage")
    made = registry.register_purpose(
        key="order_of_items",
        title="Choose which items to show",
        description="Order the items by how often they are clicked.",
        dpv_iri="https://w3id.org/dpv#ProvideProductRecommendations",
        fideslang_use="personalize.content.limited",
        lawful_basis=LawfulBasis.LEGITIMATE_INTERESTS,
        mechanism={"*": Mechanism.OPT_OUT},
        actor=stage,
    )
    suggestions = PersonalizationType.objects.get(key="product_suggestions")
    registry.update_type(
        type=suggestions, purposes=[*suggestions.purposes.all(), made], actor=stage
    )
    return made


def known(cast: Any) -> Any:
    """A cast of the people who exist already."""
    from governance.people.models import User

    for user in User.objects.filter(email__endswith="@example.org"):
        cast._people[user.email.partition("@")[0]] = user
    return cast


def cross_a_line(system: str) -> None:
    """Draw a red line for the system and let its signal cross it: nobody attends what follows."""
    from governance.core.actors import SystemActor
    from governance.registry.models import System
    from governance.signals.services import publish_signal
    from incidents.choices import Crossing, Kind, Severity
    from incidents.models import RedLine
    from incidents.services.red_lines import draw_red_line, withdraw_red_line
    from tests.cast import Cast

    cast = known(Cast())
    for line in RedLine.objects.filter(withdrawn_at=None):
        withdraw_red_line(line=line, reason=WHY, actor=cast.actor("pia"))
    draw_red_line(
        system=System.objects.get(key=system),
        signal_key=SIGNAL,
        op=">=",
        bound=3.0,
        crossing=Crossing.CONTAIN,
        kind=Kind.CONSENT,
        severity=Severity.S2,
        reason="Withdrawals that recipients ignore are no withdrawals.",
        actor=cast.actor("pia"),
    )
    for value in (0.0, float(3 + RedLine.objects.count())):
        publish_signal(
            key=SIGNAL,
            scope_key=EVERYWHERE,
            value=value,
            state="warn" if value else "ok",
            sentence=f"{value:g} recipients are overdue",
            source="stage",
            actor=SystemActor("stage"),
        )


def key(scopes: list[str]) -> str:
    """A key of a program that may do so much."""
    from governance.core.actors import SystemActor
    from governance.people.services import create_api_key

    _key, secret = create_api_key(name="program", scopes=scopes, actor=SystemActor("stage"))
    return secret


def lift(system: str) -> None:
    """Two people lift every hold of a system."""
    from governance.registry.models import Hold
    from governance.registry.services import propose_release, release_hold
    from tests.cast import Cast

    cast = known(Cast())
    for hold in Hold.objects.active().filter(system__key=system):
        proposed = propose_release(hold=hold, actor=cast.actor("ivo"), reason=WHY)
        release_hold(hold=proposed, actor=cast.actor("ada"), reason=WHY)


def is_contained(system: str) -> bool:
    """Whether the incident of a system is contained by the word of its targets."""
    from incidents.models import Incident

    return Incident.objects.filter(system__key=system, contained_at__isnull=False).exists()


def steps(system: str) -> list[dict[str, Any]]:
    """The incident of a system and how far each of its steps is; nothing while there is none."""
    from incidents.models import Incident
    from incidents.selectors import present_steps

    incident = Incident.objects.filter(system__key=system).first()
    if incident is None:
        return []
    return [
        {"reference": incident.reference, "incident_state": incident.state, **row}
        for row in present_steps(incident).values("position", "key", "type", "state", "automatic")
    ]


def rule_out_duties(system: str) -> None:
    from incidents.clocks.regimes import REGIMES
    from incidents.services.clocks import rule_out_duties as rule_out
    from tests.cast import Cast

    rule_out(
        incident=_incident(system),
        regime_keys=[one.key for one in REGIMES],
        statement=WHY,
        actor=known(Cast()).actor("pia"),
    )


def pass_audit(system: str) -> None:
    """Say, as an audit does, that what serves now keeps its limit."""
    from governance.core.actors import SystemActor
    from governance.registry.models import System
    from governance.signals.services import publish_signal

    serving = System.objects.get(key=system).serving_version
    assert serving is not None
    publish_signal(
        key="audit.concentration.verdict",
        scope_key=f"{system}:{serving.key}",
        value="pass",
        state="ok",
        sentence="The limit is kept.",
        source="run",
        actor=SystemActor("stage"),
    )


def freeze_post_mortem(system: str) -> None:
    """Write what is missing, propose, and freeze as somebody else; what is done stays done."""
    from incidents.choices import PostMortemState, Visibility
    from incidents.models import PostMortem
    from incidents.post_mortem.sections import SECTIONS
    from incidents.services import post_mortems
    from tests.cast import Cast

    cast = known(Cast())
    written = PostMortem.objects.get(incident=_incident(system))
    for section in SECTIONS:
        if section.mandatory and not written.sections.get(section.key):
            written = post_mortems.write_section(
                post_mortem=written,
                key=section.key,
                text=f"{section.title}: {WHY}",
                revision=written.revision,
                actor=cast.actor("elif"),
            )
    if written.state == PostMortemState.DRAFT:
        written = post_mortems.propose_freezing(
            post_mortem=written, visibility=Visibility.PUBLIC, note=WHY, actor=cast.actor("elif")
        )
    if written.state == PostMortemState.PROPOSED:
        post_mortems.freeze_post_mortem(post_mortem=written, actor=cast.actor("ivo"))


def holds(system: str) -> list[str]:
    from governance.registry.models import Hold

    return [
        str(pk)
        for pk in Hold.objects.active().filter(system__key=system).values_list("pk", flat=True)
    ]


def end_of(system: str) -> dict[str, Any]:
    """Everything a run leaves behind in the record, with names and numbers taken out."""
    from governance.ledger.models import LedgerEntry
    from governance.outbox.models import EventRow, Notice
    from governance.registry.models import Hold, System
    from incidents.models import Evidence, PostMortem

    incident = _incident(system)
    about = [
        str(incident.pk),
        *map(str, Hold.objects.filter(system__key=system).values_list("pk", flat=True)),
    ]

    def plain(text: str) -> str:
        return text.replace(system, "SYSTEM").replace(incident.reference, "INC")

    serving = System.objects.get(key=system).serving_version
    moved = LedgerEntry.objects.filter(verb="incidents.moved", object_id=str(incident.pk))
    once = ("incidents.opened", "incidents.command_taken", "incidents.cause_written")
    # How often a step was tried, people were counted or called for command is a matter of time.
    of_time = ("incidents.step_ended", "incidents.impact_counted")
    record = LedgerEntry.objects.filter(object_id__in=about).exclude(verb__in=of_time)
    named = Notice.objects.filter(subject__startswith=incident.reference)
    named = named.exclude(subject__contains="nobody has taken command")
    events = EventRow.objects.filter(payload__system_key=system) | EventRow.objects.filter(
        payload__target_key=system
    )
    events = events.filter(created_at__gte=incident.created_at)
    return {
        "state": incident.state,
        "steps": {row["key"]: row["state"] for row in steps(system)},
        "moves": [(entry.facts["from"], entry.facts["to"]) for entry in moved.order_by("pk")],
        "record": dict(Counter(record.values_list("verb", flat=True))),
        "opened once": [record.filter(verb=verb).count() for verb in once],
        "holds": Hold.objects.filter(system__key=system).count(),
        "active": Hold.objects.active().filter(system__key=system).count(),
        "evidence": Evidence.objects.filter(incident=incident).count(),
        "post-mortems": PostMortem.objects.filter(incident=incident).count(),
        "notices": dict(Counter(plain(one) for one in named.values_list("subject", flat=True))),
        "events": dict(Counter(events.values_list("name", flat=True))),
        "serves": serving.key if serving is not None else None,
    }


def _incident(system: str) -> Any:
    from incidents.models import Incident

    return Incident.objects.get(system__key=system)
