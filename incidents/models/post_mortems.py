"""Post-mortems: their text while it is written, what was frozen, and the actions that follow."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from governance.core.append_only import AppendOnly
from governance.core.models import PublicModel
from incidents.choices import (
    ActionState,
    CorrectionState,
    PostMortemState,
    SafeguardKind,
    Visibility,
)
from incidents.models.incidents import Incident


class PostMortem(PublicModel):
    """What an incident teaches. Frozen, its text never changes and its digest is in the ledger."""

    incident = models.OneToOneField(Incident, on_delete=models.PROTECT, related_name="post_mortem")
    state = models.CharField(max_length=10, choices=PostMortemState, default=PostMortemState.DRAFT)
    sections = models.JSONField(default=dict, help_text="Section key to text.")
    redacted = models.JSONField(
        default=dict, help_text="Section key to the text the public reads instead."
    )
    revision = models.PositiveIntegerField(default=1)
    due_at = models.DateTimeField()
    visibility = models.CharField(max_length=8, choices=Visibility, blank=True, default="")
    decision_note = models.TextField(blank=True, default="")
    proposed_by = models.CharField(max_length=80, blank=True, default="")
    confirmed_by = models.CharField(max_length=80, blank=True, default="")
    frozen_at = models.DateTimeField(null=True)
    document = models.JSONField(null=True)
    public_document = models.JSONField(null=True)
    ledger_entry = models.UUIDField(null=True)

    class Meta:
        ordering = ("-frozen_at", "-created_at")
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=PostMortemState.values), name="post_mortem_state_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(state=PostMortemState.FROZEN)
                | (
                    Q(frozen_at__isnull=False)
                    & Q(document__isnull=False)
                    & Q(ledger_entry__isnull=False)
                    & ~Q(visibility="")
                ),
                name="post_mortem_frozen_whole",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by="") | ~Q(confirmed_by=F("proposed_by")),
                name="post_mortem_by_two_people",
            ),
            models.CheckConstraint(
                condition=Q(public_document__isnull=True) | Q(visibility=Visibility.PUBLIC),
                name="post_mortem_public_by_decision",
            ),
        )

    def __str__(self) -> str:
        return f"Post-mortem of {self.incident}"


class PostMortemAction(PublicModel):
    """One thing that will be different, and how it will be seen to be so."""

    post_mortem = models.ForeignKey(PostMortem, on_delete=models.PROTECT, related_name="actions")
    title = models.CharField(max_length=200)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="post_mortem_actions",
    )
    due_on = models.DateField()
    verification = models.TextField(help_text="How it will be seen that it worked.")
    state = models.CharField(max_length=12, choices=ActionState, default=ActionState.OPEN)
    evidence = models.TextField(blank=True, default="")
    done_by = models.CharField(max_length=80, blank=True, default="")
    done_at = models.DateTimeField(null=True)
    verified_by = models.CharField(max_length=80, blank=True, default="")
    look_again_on = models.DateField(null=True, help_text="When another person looks at it next.")

    class Meta:
        ordering = ("due_on", "created_at")
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=ActionState.values), name="action_state_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ActionState.VERIFIED, ActionState.INEFFECTIVE])
                | (~Q(evidence="") & ~Q(verified_by="")),
                name="action_verified_with_evidence",
            ),
            models.CheckConstraint(
                condition=Q(verified_by="") | ~Q(verified_by=F("done_by")),
                name="action_verified_by_another",
            ),
        )

    def __str__(self) -> str:
        return self.title


class ActionVerification(AppendOnly):
    """One look at an action that was done: how it was looked at, what was seen, if it helps."""

    action = models.ForeignKey(
        PostMortemAction, on_delete=models.PROTECT, related_name="verifications"
    )
    helped = models.BooleanField()
    method = models.TextField()
    evidence = models.TextField()
    verified_by = models.CharField(max_length=80)

    class Meta(AppendOnly.Meta):
        ordering = ("at",)

    def __str__(self) -> str:
        return f"{self.action}: {'helped' if self.helped else 'did not help'}"


class ActionSafeguard(AppendOnly):
    """What an action put in place: an item of the checklist, an audit plan or a limit of one."""

    action = models.ForeignKey(
        PostMortemAction, on_delete=models.PROTECT, related_name="safeguards"
    )
    kind = models.CharField(max_length=10, choices=SafeguardKind)
    item = models.ForeignKey(
        "reviews.ChecklistItem", on_delete=models.PROTECT, null=True, related_name="safeguard_of"
    )
    plan = models.ForeignKey(
        "audits.Plan", on_delete=models.PROTECT, null=True, related_name="safeguard_of"
    )
    change = models.ForeignKey(
        "audits.PlanChange", on_delete=models.PROTECT, null=True, related_name="safeguard_of"
    )
    title = models.CharField(max_length=200)
    made_by = models.CharField(max_length=80)

    class Meta(AppendOnly.Meta):
        ordering = ("at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(
                    kind=SafeguardKind.ITEM,
                    item__isnull=False,
                    plan__isnull=True,
                    change__isnull=True,
                )
                | Q(
                    kind=SafeguardKind.PLAN,
                    item__isnull=True,
                    plan__isnull=False,
                    change__isnull=True,
                )
                | Q(
                    kind=SafeguardKind.LIMIT,
                    item__isnull=True,
                    plan__isnull=False,
                    change__isnull=False,
                ),
                name="safeguard_is_one_thing",
            ),
        )

    def __str__(self) -> str:
        return self.title


class Correction(PublicModel):
    """What is said beside a frozen post-mortem later; published by two people like the text."""

    post_mortem = models.ForeignKey(
        PostMortem, on_delete=models.PROTECT, related_name="corrections"
    )
    number = models.PositiveSmallIntegerField(null=True, help_text="Given when it is published.")
    section = models.CharField(max_length=24, blank=True, default="")
    text = models.TextField(max_length=8_000)
    state = models.CharField(
        max_length=10, choices=CorrectionState, default=CorrectionState.PROPOSED
    )
    proposed_by = models.CharField(max_length=80)
    confirmed_by = models.CharField(max_length=80, blank=True, default="")
    published_at = models.DateTimeField(null=True)
    document = models.JSONField(null=True)
    ledger_entry = models.UUIDField(null=True)

    class Meta:
        ordering = ("created_at",)
        constraints = (
            models.UniqueConstraint(fields=("post_mortem", "number"), name="correction_once"),
            models.CheckConstraint(
                condition=Q(state__in=CorrectionState.values), name="correction_state_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(state=CorrectionState.PUBLISHED)
                | (
                    Q(published_at__isnull=False)
                    & Q(document__isnull=False)
                    & Q(ledger_entry__isnull=False)
                    & Q(number__isnull=False)
                    & ~Q(confirmed_by="")
                ),
                name="correction_published_whole",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by="") | ~Q(confirmed_by=F("proposed_by")),
                name="correction_by_two_people",
            ),
        )

    def __str__(self) -> str:
        return f"Correction of {self.post_mortem}"
