"""Clocks that a fact of law started, what was filed under them, and the reminders sent."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from governance.core.append_only import AppendOnly
from governance.core.models import PublicModel
from incidents.choices import AwareOf, ClockState, FilingPhase
from incidents.clocks.regimes import BY_KEY, Regime
from incidents.models.incidents import Incident


class Awareness(AppendOnly):
    """What somebody stated of a fact that duties start from: it was so, since when, or was not.

    Never edited: a correction is a new statement that supersedes the one before.
    """

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="awareness")
    fact = models.CharField(max_length=24, choices=AwareOf)
    so = models.BooleanField(help_text="Whether the fact is so.")
    who = models.CharField(
        max_length=160, blank=True, default="", help_text="Who became aware, by name or function."
    )
    aware_at = models.DateTimeField(null=True)
    zone = models.CharField(max_length=64, blank=True, default="")
    statement = models.TextField(help_text="What the statement rests on.")
    stated_by = models.CharField(max_length=80)
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="correction"
    )

    class Meta(AppendOnly.Meta):
        ordering = ("at",)
        constraints = (
            models.UniqueConstraint(
                fields=("incident", "fact"),
                condition=Q(supersedes__isnull=True),
                name="awareness_stated_once",
            ),
            models.CheckConstraint(
                condition=Q(fact__in=AwareOf.values), name="awareness_fact_is_known"
            ),
            models.CheckConstraint(
                condition=Q(so=False, aware_at__isnull=True)
                | (Q(so=True, aware_at__isnull=False) & ~Q(who="") & ~Q(zone="")),
                name="awareness_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(aware_at__isnull=True) | Q(aware_at__lte=F("at")),
                name="awareness_is_of_the_past",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_fact_display()}: {'yes' if self.so else 'no'}"


class RegulatorClock(PublicModel):
    """One duty to report of one incident: running since somebody became aware, or ruled out.

    The moment of awareness is never edited: a correction is a new clock, and the old one stays
    as superseded. `due_at` is what to work by; `latest_at` is where the law lets it expire.
    """

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="clocks")
    regime_key = models.CharField(max_length=40)
    state = models.CharField(max_length=16, choices=ClockState)
    statement = models.TextField(help_text="Why it runs, or why it does not apply.")
    decided_by = models.CharField(max_length=80)
    aware_at = models.DateTimeField(null=True)
    country = models.CharField(max_length=2, blank=True, default="")
    zone = models.CharField(max_length=64, blank=True, default="")
    due_at = models.DateTimeField(null=True, db_index=True)
    latest_at = models.DateTimeField(null=True)
    filed_at = models.DateTimeField(null=True)
    awareness = models.ForeignKey(
        Awareness, on_delete=models.PROTECT, null=True, related_name="clocks"
    )
    answers = models.JSONField(
        default=dict, help_text="Question key to what people wrote for the next report."
    )
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="correction"
    )

    class Meta:
        ordering = ("created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("incident", "regime_key"),
                condition=~Q(state=ClockState.SUPERSEDED),
                name="clock_once_per_duty",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ClockState.values), name="clock_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(aware_at__isnull=False)
                | ~Q(state__in=[ClockState.RUNNING, ClockState.FILED]),
                name="clock_runs_from_awareness",
            ),
            models.CheckConstraint(
                condition=Q(filed_at__isnull=False) | ~Q(state=ClockState.FILED),
                name="clock_filed_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(due_at__isnull=True)
                | (Q(due_at__gt=F("aware_at")) & Q(latest_at__gte=F("due_at"))),
                name="clock_ends_in_order",
            ),
        )

    def __str__(self) -> str:
        return f"{self.regime.title} ({self.regime.article})"

    @property
    def regime(self) -> Regime:
        return BY_KEY[self.regime_key]


class Filing(AppendOnly):
    """One report that was sent under a clock, as it was, with its digest."""

    clock = models.ForeignKey(RegulatorClock, on_delete=models.PROTECT, related_name="filings")
    phase = models.CharField(max_length=8, choices=FilingPhase)
    reference = models.CharField(
        max_length=120, blank=True, help_text="The number that the authority gave it."
    )
    sent_at = models.DateTimeField(null=True, help_text="When it was sent; empty: when recorded.")
    content = models.JSONField()
    sha256 = models.CharField(max_length=64)
    filed_by = models.CharField(max_length=80)

    class Meta(AppendOnly.Meta):
        ordering = ("at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(sent_at__lte=F("at")),
                name="filing_sent_in_the_past",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_phase_display()} of {self.clock}"


class ClockReminder(AppendOnly):
    """That people were told how much of a period is over; once for each share."""

    clock = models.ForeignKey(RegulatorClock, on_delete=models.PROTECT, related_name="reminders")
    percent = models.PositiveSmallIntegerField()

    class Meta(AppendOnly.Meta):
        constraints = (
            models.UniqueConstraint(fields=("clock", "percent"), name="clock_reminder_once"),
        )

    def __str__(self) -> str:
        return f"{self.percent} % of {self.clock}"
