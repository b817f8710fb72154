"""A post-mortem opens itself, is frozen by two people, and can be checked by anybody offline."""

from __future__ import annotations

import copy
import json
import sys
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
from incidents.choices import CorrectionState, Kind, PostMortemState, Severity, State, Visibility
from incidents.models import Incident, PostMortem
from incidents.post_mortem.prefill import prefilled
from incidents.post_mortem.sections import SECTIONS
from incidents.services import post_mortems as services
from incidents.services.corrections import decide_correction, propose_correction
from incidents.services.opening import open_incident
from incidents.services.post_mortems import open_post_mortem
from incidents.services.steps import run_automatic_steps
from incidents.services.timeline import add_timeline_entry
from tests.cast import Cast
from tests.incidents.published import bundle_of, verified, words_of

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))
from verify_post_mortem import verify_post_mortem
from verify_tactful import read_key

pytestmark = pytest.mark.django_db
MACHINE = SystemActor("test")
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


def test_it_opens_with_what_the_record_knows(draft: PostMortem) -> None:
    assert "is held" in draft.sections["timeline"]
    assert draft.sections["causes"].startswith("The objective counts clicks.")
    assert draft.sections["summary"].startswith("Too much went to too few for a week.")
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
    places = list(words_of(bundle["document"]))
    assert len(places) > 2 * sum(section.public for section in SECTIONS), "every section is there"
    told = "the document was changed after it was frozen"
    key = read_key(own_verifier_key())
    for place in places:
        changed = copy.deepcopy(bundle)
        part: Any = changed["document"]
        for step in place[:-1]:
            part = part[step]
        part[place[-1]] += " not"
        assert told in list(verify_post_mortem(changed, key)), place
    short = copy.deepcopy(bundle)
    del short["document"]["sections"][0]
    assert verified(short, tmp_path) == (1, told + "\n")
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
    reader = cast.sign_in(Client(), "max")
    preview = reader.get(
        reverse("incident_post_mortem_preview", args=[draft.incident.reference])
    ).content.decode()
    assert "What the public does not read" in preview
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


def test_what_the_record_learns_later_is_offered_and_added(draft: PostMortem, cast: Cast) -> None:
    reference = draft.incident.reference
    page = reverse("incident_post_mortem", args=[reference])
    client = cast.sign_in(Client(), "elif")
    Incident.objects.filter(pk=draft.incident.pk).update(cause="The window was a week too short.")
    assert "The record says more than this text" in client.get(page).content.decode()
    sent = {"section": "causes", "revision": draft.revision, "add_missing": "1"}
    client.post(reverse("incident_post_mortem_write", args=[reference]), sent)
    draft.refresh_from_db()
    assert "The objective counts clicks." in draft.sections["causes"], "what was written stays"
    assert "The window was a week too short." in draft.sections["causes"]


def test_the_timeline_names_no_colleague(draft: PostMortem, incident: Incident, cast: Cast) -> None:
    ivo = cast.actor("ivo")
    add_timeline_entry(
        incident=incident, kind="note", sentence=f"{ivo.display} took command.", actor=ivo
    )
    text = prefilled(incident)["timeline"]
    assert "A colleague took command." in text
    assert ivo.display not in text


def test_a_correction_stands_beside_the_text_and_changes_nothing_of_it(
    draft: PostMortem, cast: Cast
) -> None:
    with pytest.raises(Conflict, match="published"):
        propose_correction(post_mortem=draft, text="It was ten days.", actor=cast.actor("elif"))
    frozen = freeze(write_all(draft, cast), cast)
    before = copy.deepcopy(frozen.public_document)
    reference = draft.incident.reference
    elif_, ivo = cast.sign_in(Client(), "elif"), cast.sign_in(Client(), "ivo")
    told = "It lasted ten days, not seven: the first three had no log."
    elif_.post(
        reverse("incident_post_mortem_correct", args=[reference]),
        {"section": "impact", "text": told},
    )
    correction = frozen.corrections.get()
    with pytest.raises(Conflict, match="Another correction waits"):
        propose_correction(post_mortem=frozen, text=told + " Again.", actor=cast.actor("ivo"))
    with pytest.raises(Conflict, match="Another person"):
        decide_correction(correction=correction, publish=True, actor=cast.actor("elif"))
    with pytest.raises(NotPermitted):
        decide_correction(correction=correction, publish=True, actor=cast.actor("max"))
    page = reverse("published_post_mortem", args=[reference])
    assert told not in Client().get(page).content.decode(), "not before a second person"
    (before_item,) = Client().get(reverse("post_mortems_json")).json()["items"]
    ivo.post(
        reverse("incident_correction_decide", args=[reference, correction.pk]),
        {"step": "publish"},
    )
    correction.refresh_from_db()
    frozen.refresh_from_db()
    assert correction.state == CorrectionState.PUBLISHED
    assert frozen.public_document == before
    assert told in Client().get(page).content.decode()
    (item,) = Client().get(reverse("post_mortems_json")).json()["items"]
    assert item["date_published"] == before_item["date_published"]
    assert item["date_modified"] > before_item["date_modified"]
    assert told in item["content_text"]


@pytest.mark.django_db(transaction=True)
def test_corrections_verify_offline_in_their_order(
    draft: PostMortem, cast: Cast, tmp_path: Path
) -> None:
    frozen = freeze(write_all(draft, cast), cast)
    for text in ("It lasted ten days, not seven.", "It lasted eleven days, not ten."):
        made = propose_correction(post_mortem=frozen, text=text, actor=cast.actor("elif"))
        decide_correction(correction=made, publish=True, actor=cast.actor("ivo"))
    sequence_all()
    bundle = bundle_of(draft.incident)
    assert verified(bundle, tmp_path) == (0, "")
    changed = json.loads(json.dumps(bundle).replace("eleven days", "five days"))
    assert verified(changed, tmp_path) == (
        1,
        "correction 2: it was changed after it was published\n",
    )
    missing = copy.deepcopy(bundle)
    del missing["corrections"][0]
    code, faults = verified(missing, tmp_path)
    assert code == 1
    assert "one before it is missing" in faults


def test_the_frame_speaks_german_and_the_frozen_text_stays(draft: PostMortem, cast: Cast) -> None:
    freeze(write_all(draft, cast), cast)
    page = reverse("published_post_mortem", args=[draft.incident.reference])
    text = Client().get(page, {"lang": "de"}).content.decode()
    assert '<html lang="de">' in text
    assert "Nachprüfen" in text
    assert "Too much went to too few" in text
    home = Client().get(reverse("published_post_mortems"), {"lang": "de"}).content.decode()
    assert "Nachbetrachtungen" in home


def test_a_drill_is_remembered_by_nobody_outside(draft: PostMortem, cast: Cast) -> None:
    Incident.objects.filter(pk=draft.incident.pk).update(drill=True)
    draft = PostMortem.objects.get(pk=draft.pk)
    with pytest.raises(Invalid, match="internal"):
        services.propose_freezing(
            post_mortem=write_all(draft, cast),
            visibility=Visibility.PUBLIC,
            note=WHY,
            actor=cast.actor("elif"),
        )


def test_the_api_reads_post_mortems_by_system(draft: PostMortem, cast: Cast) -> None:
    elif_ = cast.sign_in(Client(), "elif")
    one = f"/api/v1/post-mortems/{draft.incident.reference}"
    found = elif_.get(one).json()
    assert found["state"] == "draft"
    assert found["bundle_url"] is None
    assert {part["key"] for part in found["sections"]} <= {one.key for one in SECTIONS}
    freeze(write_all(draft, cast), cast)
    bundle = elif_.get(one).json()["bundle_url"]
    assert bundle.endswith(f"/post-mortems/{draft.incident.reference}/document.json")
    (listed,) = elif_.get("/api/v1/post-mortems").json()["results"]
    assert listed["incident"] == draft.incident.reference
    eve = cast.sign_in(Client(), "eve")
    assert eve.get(one).status_code == 404
    assert eve.get("/api/v1/post-mortems").json()["results"] == []
