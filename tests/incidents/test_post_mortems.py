"""A post-mortem opens itself, is frozen by two people, and can be checked by anybody offline."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from governance.core.actors import SystemActor
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.ledger.keys import own_verifier_key
from governance.ledger.sequencer import sequence_all
from governance.registry import services as registry
from governance.registry.models import System
from incidents.choices import ActionState, Kind, PostMortemState, Severity, State, Visibility
from incidents.models import Incident, PostMortem
from incidents.post_mortem.sections import SECTIONS
from incidents.services import post_mortems as services
from incidents.services.opening import open_incident
from incidents.services.post_mortems import open_post_mortem
from incidents.services.steps import run_automatic_steps
from tests.cast import Cast

pytestmark = pytest.mark.django_db
MACHINE = SystemActor("test")
VERIFIER = Path(__file__).parents[2] / "docs" / "verify_post_mortem.py"
WHY = "People were affected and have a right to know."


@pytest.fixture
def incident(cast: Cast) -> Incident:
    system: System = registry.register_system(
        key="carousel", title="Carousel", on_pause="non_profiled", actor=MACHINE
    )
    cast.join("carousel")
    opened, _created = open_incident(
        title="Eight items took half of all showings",
        summary="Too much went to too few for a week.",
        kind=Kind.BIAS,
        severity=Severity.S2,
        cause_key="breach:a",
        system=system,
        unattended=True,
        actor=MACHINE,
    )
    run_automatic_steps(incident=opened, actor=MACHINE)
    Incident.objects.filter(pk=opened.pk).update(
        state=State.RESOLVED, verified_at=opened.detected_at, cause="The objective counts clicks."
    )
    opened.refresh_from_db()
    return opened


@pytest.fixture
def draft(incident: Incident) -> PostMortem:
    return open_post_mortem(incident=incident)


def write_all(draft: PostMortem, cast: Cast) -> PostMortem:
    for section in SECTIONS:
        if section.mandatory and not draft.sections.get(section.key):
            draft = services.write_section(
                post_mortem=draft,
                key=section.key,
                text=f"What is to be said of: {section.title}: ausführlich.",
                revision=draft.revision,
                actor=cast.actor("elif"),
            )
    return draft


def freeze(draft: PostMortem, cast: Cast, visibility: str = Visibility.PUBLIC) -> PostMortem:
    proposed = services.propose_freezing(
        post_mortem=draft, visibility=visibility, note=WHY, actor=cast.actor("elif")
    )
    return services.freeze_post_mortem(post_mortem=proposed, actor=cast.actor("ivo"))


def bundle_of(incident: Incident) -> dict[str, Any]:
    address = reverse("published_post_mortem_json", args=[incident.reference])
    bundle: dict[str, Any] = Client().get(address).json()
    return bundle


def verified(bundle: dict[str, Any], folder: Path) -> tuple[int, str]:
    file = folder / "bundle.json"
    file.write_text(json.dumps(bundle), encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, VERIFIER, file, "--key", own_verifier_key()],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return ended.returncode, ended.stdout


def test_it_opens_with_what_the_record_knows(draft: PostMortem) -> None:
    assert "is held" in draft.sections["timeline"]
    assert draft.sections["causes"] == "The objective counts clicks."
    assert draft.sections["summary"] == "Too much went to too few for a week."
    assert "SHA-256" in draft.sections["evidence"]


def test_it_opens_once(incident: Incident, draft: PostMortem) -> None:
    assert open_post_mortem(incident=incident) == draft


def test_nothing_is_frozen_half_written(draft: PostMortem, cast: Cast) -> None:
    with pytest.raises(Conflict, match="Impact"):
        services.propose_freezing(
            post_mortem=draft, visibility=Visibility.PUBLIC, note=WHY, actor=cast.actor("elif")
        )


def test_two_people_freeze_it(draft: PostMortem, cast: Cast) -> None:
    proposed = services.propose_freezing(
        post_mortem=write_all(draft, cast),
        visibility=Visibility.PUBLIC,
        note=WHY,
        actor=cast.actor("elif"),
    )
    with pytest.raises(Conflict, match="Another person"):
        services.freeze_post_mortem(post_mortem=proposed, actor=cast.actor("elif"))
    with pytest.raises(NotPermitted):
        services.freeze_post_mortem(post_mortem=proposed, actor=cast.actor("max"))
    with pytest.raises(NotPermitted):
        services.freeze_post_mortem(post_mortem=proposed, actor=MACHINE)
    frozen = services.freeze_post_mortem(post_mortem=proposed, actor=cast.actor("ivo"))
    assert frozen.state == PostMortemState.FROZEN
    with (
        pytest.raises(IntegrityError, match="post_mortem_by_two_people"),
        transaction.atomic(),
    ):
        PostMortem.objects.filter(pk=frozen.pk).update(confirmed_by=frozen.proposed_by)


def test_a_frozen_text_is_written_no_further(draft: PostMortem, cast: Cast) -> None:
    frozen = freeze(write_all(draft, cast), cast)
    with pytest.raises(Conflict, match="Frozen"):
        services.write_section(
            post_mortem=frozen,
            key="summary",
            text="It was nothing.",
            revision=frozen.revision,
            actor=cast.actor("ada"),
        )


def test_who_writes_second_reads_first(draft: PostMortem, cast: Cast) -> None:
    seen = draft.revision
    services.write_section(
        post_mortem=draft,
        key="impact",
        text="4,000 people.",
        revision=seen,
        actor=cast.actor("ada"),
    )
    client = cast.sign_in(Client(), "max")
    answer = client.post(
        reverse("incident_post_mortem_write", args=[draft.incident.reference]),
        {"section": "impact", "revision": seen, "text": "About 3,900 people."},
    )
    assert answer.status_code == 409
    assert "About 3,900 people." in answer.content.decode(), "what was typed is not lost"
    draft.refresh_from_db()
    assert draft.sections["impact"] == "4,000 people."


@pytest.mark.django_db(transaction=True)
def test_the_published_document_verifies_offline_and_a_changed_word_fails(
    draft: PostMortem, cast: Cast, tmp_path: Path
) -> None:
    freeze(write_all(draft, cast), cast)
    assert bundle_of(draft.incident)["proof"] is None, "not sequenced yet"
    sequence_all()
    bundle = bundle_of(draft.incident)
    assert verified(bundle, tmp_path) == (0, "")
    changed = json.loads(json.dumps(bundle).replace("too few", "too many"))
    assert changed != bundle
    assert verified(changed, tmp_path) == (1, "the document was changed after it was frozen\n")
    forged = json.loads(json.dumps(bundle))
    forged["proof"]["leaf"] = forged["proof"]["leaf"].replace("INC-", "INC-9")
    code, faults = verified(forged, tmp_path)
    assert code == 1
    assert "not in the signed tree" in faults


def test_the_public_reads_only_what_two_people_published(draft: PostMortem, cast: Cast) -> None:
    page = reverse("published_post_mortem", args=[draft.incident.reference])
    assert Client().get(page).status_code == 404
    draft = services.redact_section(
        post_mortem=draft,
        key="timeline",
        text="",
        revision=draft.revision,
        actor=cast.actor("elif"),
    )
    freeze(write_all(draft, cast), cast)
    text = Client().get(page).content.decode()
    assert "Too much went to too few" in text
    assert "is held" not in text, "a redacted section is not shown"
    assert "left out before publication" in text, "and it says so"
    assert "Safeguards that did not catch it" not in text, "internal sections stay inside"


def test_an_internal_one_is_frozen_and_shown_to_nobody_outside(
    draft: PostMortem, cast: Cast
) -> None:
    frozen = freeze(write_all(draft, cast), cast, Visibility.INTERNAL)
    assert frozen.public_document is None
    page = reverse("published_post_mortem", args=[draft.incident.reference])
    assert Client().get(page).status_code == 404
    assert Client().get(reverse("post_mortems_json")).json()["items"] == []


def test_the_feeds_name_each_published_one(draft: PostMortem, cast: Cast) -> None:
    freeze(write_all(draft, cast), cast)
    (item,) = Client().get(reverse("post_mortems_json")).json()["items"]
    assert draft.incident.title in item["title"]
    atom = ET.fromstring(Client().get(reverse("post_mortems_atom")).content)
    (entry,) = atom.findall("{http://www.w3.org/2005/Atom}entry")
    assert entry.findtext("{http://www.w3.org/2005/Atom}title") == item["title"]


def test_whoever_did_it_does_not_say_that_it_helped(draft: PostMortem, cast: Cast) -> None:
    action = services.add_action(
        post_mortem=draft,
        title="Alert on the share of the top tenth",
        owner=cast.max,
        due_on=date(2027, 1, 31),
        verification="The alert fires on the log of the incident.",
        actor=cast.actor("elif"),
    )
    with pytest.raises(Conflict, match="open"):
        services.verify_action(
            action=action, helped=True, evidence="It fired on 3 May.", actor=cast.actor("elif")
        )
    services.finish_action(action=action, actor=cast.actor("max"))
    with pytest.raises(Conflict, match="does not verify"):
        services.verify_action(
            action=action, helped=True, evidence="It fired on 3 May.", actor=cast.actor("max")
        )
    with pytest.raises(Invalid, match="what shows it"):
        services.verify_action(action=action, helped=True, evidence="yes", actor=cast.actor("elif"))
    seen = services.verify_action(
        action=action, helped=False, evidence="It did not fire on 3 May.", actor=cast.actor("elif")
    )
    assert seen.state == ActionState.INEFFECTIVE
    assert services.finish_action(action=seen, actor=cast.actor("max")).state == ActionState.DONE


def test_the_whole_way_on_the_page(draft: PostMortem, cast: Cast) -> None:
    reference = draft.incident.reference
    page = reverse("incident_post_mortem", args=[reference])
    elif_, ivo = cast.sign_in(Client(), "elif"), cast.sign_in(Client(), "ivo")
    assert "Still to be written" in elif_.get(page).content.decode()
    write_all(draft, cast)
    step = reverse("incident_post_mortem_freeze", args=[reference])
    elif_.post(step, {"step": "propose", "visibility": "public", "note": WHY})
    assert "Another person has to confirm it" in elif_.get(page).content.decode()
    ivo.post(step, {"step": "confirm"})
    draft.refresh_from_db()
    assert draft.state == PostMortemState.FROZEN
    assert "Read it as the public does" in ivo.get(page).content.decode()
