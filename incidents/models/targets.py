"""Who serves a system's answers, what each should serve, what it was told and what it says."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from governance.core.models import KeyField, PublicModel
from governance.outbox.webhooks.models import WebhookMessage
from incidents.choices import OrderState, TargetKind


class ServingTarget(PublicModel):
    """One place that serves a system, such as a shop's server; it reports what it serves."""

    key = KeyField()
    system = models.ForeignKey(
        "registry.System", on_delete=models.PROTECT, related_name="serving_targets"
    )
    title = models.CharField(max_length=120)
    kind = models.CharField(
        max_length=8, choices=TargetKind.choices, default=TargetKind.OFREP, db_default="ofrep"
    )
    active = models.BooleanField(default=True)
    # Only systems whose active targets are all for drills may be drilled.
    for_drills = models.BooleanField(default=False, db_default=False)
    # Of a webhook: where orders go. Its secret also signs what the target reports.
    endpoint = models.ForeignKey(
        "outbox.WebhookEndpoint",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="serving_targets",
    )
    # Of an MLflow alias: the tracking server, the registered model, the alias that is loaded.
    tracking_url = models.CharField(max_length=300, blank=True, default="", db_default="")
    model_name = models.CharField(max_length=200, blank=True, default="", db_default="")
    alias = models.CharField(max_length=100, blank=True, default="", db_default="")
    tracking_secret = models.BinaryField(null=True, blank=True)
    # Whether what loads the alias also reports; then its word is needed beside the alias.
    reports_itself = models.BooleanField(default=True, db_default=True)
    alias_reads = models.CharField(max_length=63, blank=True, default="", db_default="")
    alias_read_at = models.DateTimeField(null=True, blank=True)
    served_version = models.CharField(max_length=63, blank=True, default="")
    served_personalised = models.BooleanField(default=False)
    served_revision = models.PositiveIntegerField(null=True, blank=True)
    served_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("system__key", "key")
        constraints = (
            models.UniqueConstraint(fields=("system", "key"), name="target_key_once_per_system"),
            models.CheckConstraint(
                condition=Q(kind__in=TargetKind.values), name="target_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(kind="webhook", endpoint__isnull=False)
                | (~Q(kind="webhook") & Q(endpoint__isnull=True)),
                name="target_webhook_has_endpoint",
            ),
            models.CheckConstraint(
                condition=(
                    Q(kind="mlflow") & ~Q(tracking_url="") & ~Q(model_name="") & ~Q(alias="")
                )
                | (
                    ~Q(kind="mlflow")
                    & Q(tracking_url="", model_name="", alias="", tracking_secret__isnull=True)
                ),
                name="target_mlflow_has_alias",
            ),
            models.CheckConstraint(
                condition=Q(kind="mlflow") | Q(reports_itself=True),
                name="target_without_alias_reports",
            ),
        )

    def __str__(self) -> str:
        return self.title


class DesiredState(PublicModel):
    """What a system should serve now; the revision counts its changes."""

    system = models.OneToOneField(
        "registry.System", on_delete=models.CASCADE, related_name="desired_state"
    )
    revision = models.PositiveIntegerField(default=1)
    version = models.CharField(max_length=63, blank=True, default="")
    personalises = models.BooleanField()
    since = models.DateTimeField()

    class Meta:
        ordering = ("system__key",)

    def __str__(self) -> str:
        return f"{self.system.key}: {self.version or 'nothing'}"


class TargetOrder(PublicModel):
    """One change that one target is told of: written with the change, carried out after it.

    `attempts` counts for ever and is the fence: who carries an order out notes the end only under
    its own number. `rung` is the place on the ladder of waits.
    """

    target = models.ForeignKey(ServingTarget, on_delete=models.PROTECT, related_name="orders")
    revision = models.PositiveIntegerField()
    version = models.CharField(max_length=63, blank=True, default="")
    personalises = models.BooleanField()
    incident_reference = models.CharField(max_length=20, blank=True, default="")
    state = models.CharField(max_length=10, choices=OrderState.choices, default=OrderState.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    rung = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    next_attempt_at = models.DateTimeField(db_default=Now())
    give_up_at = models.DateTimeField()
    last_error = models.CharField(max_length=500, blank=True, default="")
    # What the alias named before the first attempt ("none": nothing), kept as the way back.
    alias_before = models.CharField(max_length=63, blank=True, default="")
    # Messages are deleted by the batch after three months, which no foreign key may refuse.
    message = models.ForeignKey(
        "outbox.WebhookMessage",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="orders",
    )
    applied_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta(PublicModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("target", "revision"), name="target_order_once_a_revision"
            ),
            models.UniqueConstraint(
                fields=("target",),
                condition=Q(state__in=("pending", "applied", "given_up")),
                name="target_order_one_in_force",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OrderState.values), name="target_order_state_known"
            ),
        )
        indexes = (
            models.Index(
                fields=("next_attempt_at",),
                condition=Q(state="pending"),
                name="target_order_due",
            ),
        )

    def __str__(self) -> str:
        return f"{self.target_id}: {self.version or 'nothing'} (revision {self.revision})"

    @property
    def sent(self) -> WebhookMessage | None:
        """The message of a webhook's order, for as long as messages are kept."""
        try:
            return self.message
        except WebhookMessage.DoesNotExist:
            return None

    @property
    def problem(self) -> str:
        """What went wrong last, in the words of whoever carried it out."""
        sent = self.sent
        return self.last_error or (sent.last_error if sent else "")

    @property
    def tries(self) -> int:
        """How often it was carried out: a webhook's senders count for themselves."""
        sent = self.sent
        return sent.attempts if sent else self.attempts
