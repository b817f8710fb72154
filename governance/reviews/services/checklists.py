"""Adding questions to the checklist: a published version never changes, the next one holds more.

What is added is asked in every review that starts from then on; decided reviews stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.db import connection, transaction

from governance.core.actors import Actor
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.people.choices import Role
from governance.registry.access import require, require_person
from governance.reviews.choices import Section
from governance.reviews.models import Checklist, ChecklistItem

EDITS = "reviews.edit_checklist"
_LETTER = {
    Section.RESPECT: "R",
    Section.EXPLAIN: "E",
    Section.CONTROL: "C",
    Section.VERIFY: "V",
    Section.GOVERN: "G",
}
_ADDING_LOCK = 0xC4EC_7157  # one advisory lock: versions and codes stay dense
_OWN_CODE = re.compile(r"^[A-Z]-P(\d{2,4})$")


@transaction.atomic
def add_item(
    *,
    section: str,
    question: str,
    evidence_expected: str,
    roles: Sequence[str],
    source: str,
    actor: Actor,
) -> ChecklistItem:
    """Publish the next version of the checklist with one question more, and return that item.

    `source` says where the question comes from: a law, a standard, or what went wrong. Codes of
    added items read `V-P01`, so that they never meet those of the catalogue.
    """
    require(actor, EDITS)
    require_person(actor, "adding to the checklist")
    if section not in Section.values:
        raise Invalid(f"A section is one of {', '.join(Section.values)}, not {section!r}.")
    if len(question.strip()) < 15 or not question.strip().endswith("?"):
        raise Invalid("Put it as a question that ends in a question mark, for a person to answer.")
    if len(evidence_expected.strip()) < 5 or not source.strip():
        raise Invalid("Say what shows the answer, and where the question comes from.")
    if not roles or set(roles) - set(Role.values):
        raise Invalid("Name at least one role that answers it.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADDING_LOCK])
    current = Checklist.objects.first()
    if current is None:
        raise Conflict("There is no checklist; run the migrations.")
    items = list(current.items.all())
    if any(one.question == question.strip() for one in items):
        raise Conflict("The checklist asks this already.")
    following = Checklist.objects.create(version=current.version + 1, title=current.title)
    kept = ("code", "section", "question", "evidence_expected", "roles", "source", "order")
    ChecklistItem.objects.bulk_create(
        ChecklistItem(checklist=following, **{name: getattr(one, name) for name in kept})
        for one in items
    )
    added = ChecklistItem.objects.create(
        checklist=following,
        code=_next_code(section),
        section=section,
        question=question.strip(),
        evidence_expected=evidence_expected.strip(),
        roles=list(dict.fromkeys(roles)),
        source=source.strip()[:200],
        order=max((one.order for one in items), default=0) + 1,
    )
    record_entry(
        verb="reviews.checklist_extended",
        object_type="checklist",
        object_id=str(following.pk),
        actor=actor,
        facts={
            "version": following.version,
            "item": added.code,
            "section": section,
            "question": added.question,
            "roles": added.roles,
            "source": added.source,
        },
    )
    return added


def _next_code(section: str) -> str:
    letter = _LETTER[Section(section)]
    codes = ChecklistItem.objects.filter(code__startswith=f"{letter}-P")
    matches = [_OWN_CODE.match(code) for code in codes.values_list("code", flat=True)]
    highest = max((int(found.group(1)) for found in matches if found), default=0)
    return f"{letter}-P{highest + 1:02d}"
