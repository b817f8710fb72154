"""Reports to authorities: what people add to them, and the record that one was sent.

When a duty starts stands in `clocks`; what a report asks for in `incidents.clocks.questions`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.registry.access import require, require_person
from incidents.choices import ClockState, FilingPhase
from incidents.clocks.forms import filled_form, from_record, missing_for_final
from incidents.clocks.questions import QUESTIONS
from incidents.models import Filing, RegulatorClock
from incidents.services.clocks import DECIDES, systems_of, tell

LONGEST = 8_000
_REASONS = 20  # signs that a reason for a delay has at least


@transaction.atomic
def write_answers(
    *, clock: RegulatorClock, answers: Mapping[str, str], actor: Actor
) -> RegulatorClock:
    """Keep what people wrote for the next report; what the record says by itself is not kept.

    A field that is empty, or as the record has it, follows the record again.
    """
    require(actor, DECIDES, systems_of(clock.incident))
    require_person(actor, "writing a report to an authority")
    locked = _applying(clock)
    asked = {one.key for one in QUESTIONS[locked.regime_key]}
    if unknown := sorted(set(answers) - asked):
        raise Invalid(f"The report of {locked.regime.article} has no field {unknown[0]!r}.")
    kept = dict(locked.answers)
    for key, given in answers.items():
        text = given.replace("\r\n", "\n").strip()
        if len(text) > LONGEST:
            raise Invalid(f"A field has at most {LONGEST:,} signs.")
        if text and text != from_record(locked, key).strip():
            kept[key] = text
        else:
            kept.pop(key, None)
    locked.answers = kept
    locked.save(update_fields=["answers", "updated_at"])
    return locked


@transaction.atomic
def record_filing(
    *,
    clock: RegulatorClock,
    phase: str,
    reference: str,
    actor: Actor,
    delay: str = "",
    sent_at: datetime | None = None,
) -> Filing:
    """Record that a report was sent, freeze what it said, and stop the clock with the first one.

    A report after the period needs the reasons for the delay; the final one says everything.
    """
    require(actor, DECIDES, systems_of(clock.incident))
    require_person(actor, "reporting to an authority")
    if phase not in FilingPhase.values:
        raise Invalid(f"A report is one of {', '.join(FilingPhase.values)}, not {phase!r}.")
    clock = _applying(clock)
    now = database_now()
    sent = _sent(clock, sent_at or now, now)
    _in_order(clock, phase)
    late = clock.due_at is not None and sent > clock.due_at and clock.state == ClockState.RUNNING
    if late and len(delay.strip()) < _REASONS:
        raise Invalid("The report comes after the period: give the reasons for the delay.")
    content = filled_form(clock, phase=phase, delay=delay.strip())
    if phase == FilingPhase.FINAL and (missing := missing_for_final(content)):
        raise Conflict(f"A final report says this as well: {'; '.join(missing)}.")
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    filing = Filing.objects.create(
        clock=clock,
        phase=phase,
        reference=reference.strip(),
        sent_at=sent,
        content=content,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        filed_by=actor.reference,
    )
    if clock.state == ClockState.RUNNING:
        clock.state, clock.filed_at = ClockState.FILED, sent
        clock.save(update_fields=["state", "filed_at", "updated_at"])
    numbered = f" under {reference.strip()}" if reference.strip() else ""
    sentence = f"{filing.get_phase_display()} by {clock.regime.article} sent{numbered}."
    facts: dict[str, Any] = {"phase": phase, "sha256": filing.sha256}
    tell(clock, "incidents.report_filed", sentence, actor, facts)
    return filing


def _applying(clock: RegulatorClock) -> RegulatorClock:
    locked = RegulatorClock.objects.select_for_update(of=("self",)).get(pk=clock.pk)
    if locked.state not in (ClockState.RUNNING, ClockState.FILED):
        raise Conflict("Only a duty that applies is reported under.")
    return locked


def _sent(clock: RegulatorClock, sent: datetime, now: datetime) -> datetime:
    if sent.tzinfo is None:
        raise Invalid("Say when it was sent as a time with a zone.")
    if sent > now:
        raise Invalid("A report is recorded once it was sent, not before.")
    if clock.aware_at is not None and sent < clock.aware_at:
        raise Invalid("Nothing is reported before anybody became aware of it.")
    return sent


def _in_order(clock: RegulatorClock, phase: str) -> None:
    if phase != FilingPhase.INITIAL and clock.state == ClockState.RUNNING:
        raise Conflict("The initial report comes first; it may be incomplete.")
    if phase == FilingPhase.INITIAL and clock.state == ClockState.FILED:
        raise Conflict("The initial report is recorded already.")
    if clock.filings.filter(phase=FilingPhase.FINAL).exists():
        raise Conflict("The final report is recorded; nothing follows it.")
