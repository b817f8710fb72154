"""Reading notices: versions, what changed between two, who saw one, and who may be asked again."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Max, Q, QuerySet

from consent.choices import Component
from consent.decision.asking import COOL_DOWN, AskingFacts, may_ask_again
from consent.decision.vocabulary import Status
from consent.models import ConsentState, DataSubject, NoticeVersion, ServedNotice
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import NotFound
from governance.registry.models import Purpose


def notices_for(actor: Actor) -> QuerySet[NoticeVersion]:
    """Every version, drafts first, then the newest; nothing for who may not see consent."""
    if not actor.may("consent.view"):
        return NoticeVersion.objects.none()
    return NoticeVersion.objects.prefetch_related("texts", "purposes")


def find_notice(key: str, actor: Actor) -> NoticeVersion:
    found = notices_for(actor).filter(key=key).first()
    if found is None:
        raise NotFound(f"There is no notice version {key!r}.")
    return found


def current_versions(actor: Actor) -> dict[str, NoticeVersion]:
    """The current version of each purpose that a published notice tells of, by purpose key."""
    current: dict[str, NoticeVersion] = {}
    published = notices_for(actor).filter(published_at__isnull=False)
    for version in published.order_by("-published_at"):
        for purpose in version.purposes.all():
            current.setdefault(purpose.key, version)
    return current


def version_before(version: NoticeVersion) -> NoticeVersion | None:
    """The published version that came before this one; for a draft, the newest of all."""
    found = NoticeVersion.objects.filter(published_at__isnull=False).exclude(pk=version.pk)
    if version.published_at is not None:
        found = found.filter(published_at__lt=version.published_at)
    return found.prefetch_related("texts", "purposes").order_by("-published_at").first()


@dataclass(frozen=True)
class Line:
    """One line of a comparison: `same`, `added` or `removed`."""

    kind: str
    text: str


def compare_texts(before: str, after: str) -> list[Line]:
    """Compare two texts sentence by sentence."""
    old, new = _sentences(before), _sentences(after)
    lines: list[Line] = []
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            lines += [Line("same", text) for text in new[c:d]]
        else:
            lines += [Line("removed", text) for text in old[a:b]]
            lines += [Line("added", text) for text in new[c:d]]
    return lines


def _sentences(text: str) -> list[str]:
    marked = text.replace("\n", " ").replace("? ", "?\n").replace("! ", "!\n").replace(". ", ".\n")
    return [line.strip() for line in marked.split("\n") if line.strip()]


@dataclass(frozen=True)
class Serving:
    """How often a version was shown in one place and language, and how many then chose."""

    component: str
    language: str
    shown: int
    people: int
    chose: int

    @property
    def component_name(self) -> str:
        return str(dict(Component.choices).get(self.component, self.component))


def servings_of(version: NoticeVersion) -> list[Serving]:
    rows = (
        ServedNotice.objects.filter(version=version)
        .order_by("component", "language")
        .values("component", "language")
        .annotate(
            shown=Count("pk", distinct=True),
            people=Count("subject", distinct=True),
            chose=Count("pk", distinct=True, filter=Q(choices__isnull=False)),
        )
    )
    return [Serving(**row) for row in rows]


def may_ask(
    person: DataSubject | None, purpose: Purpose, *, cool_down: timedelta = COOL_DOWN
) -> tuple[bool, str]:
    """Tell whether a person may be asked about a purpose now, and why, in a sentence."""
    now = database_now()
    told = purpose.notices.filter(published_at__lte=now)
    newest = told.order_by("-published_at").first()
    material = told.filter(material=True).aggregate(at=Max("published_at"))["at"]
    notice = newest.key if newest else ""
    if person is None:
        return may_ask_again(AskingFacts(now, notice=notice, closed=_closed(None, purpose)))
    state = ConsentState.objects.filter(subject=person, purpose=purpose, revision__gt=0).first()
    asked = _asked_about(person, purpose)
    facts = AskingFacts(
        now=now,
        status=Status(state.status) if state else Status.UNKNOWN,
        decided_at=state.decided_at if state else None,
        expires_at=state.expires_at if state else None,
        outdated=state is not None and _outdated(state, material, told),
        last_asked=asked.aggregate(at=Max("served_at"))["at"],
        material_since=material,
        notice=notice,
        closed=_closed(person, purpose),
    )
    return may_ask_again(facts, cool_down)


def _asked_about(person: DataSubject, purpose: Purpose) -> QuerySet[ServedNotice]:
    """The askings: notices shown to the person, not those they went to look at themselves."""
    shown = ServedNotice.objects.filter(subject=person, version__purposes=purpose)
    return shown.exclude(component=Component.CENTRE)


def _closed(person: DataSubject | None, purpose: Purpose) -> str:
    if person is not None and person.erased_at is not None:
        return "The person was erased."
    if person is not None and person.restricted_at is not None:
        return "The person restricted the processing of their data."
    if purpose.state != "published":
        return "The purpose is not in force."
    return ""


def _outdated(state: ConsentState, material: object, told: QuerySet[NoticeVersion]) -> bool:
    """As the decision tells it: chosen under a notice older than the last material change."""
    if material is None or state.decided_at is None:
        return False
    named = told.filter(key=state.notice_version).first() if state.notice_version else None
    seen = named.published_at if named and named.published_at else state.decided_at
    return bool(seen < material)  # type: ignore[operator]
