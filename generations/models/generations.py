from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from accounts.ids import new_id, random_text
from accounts.models import ApiKey, User, Workspace
from billing.models import Hold
from generations.models.accounts import ProviderAccount
from generations.states import ACTIVE, OCCUPYING, Approval, State


def new_generation_id() -> str:
    return new_id("gen")


def new_callback_token() -> str:
    return random_text(32)


class Generation(models.Model):
    """One job: what was asked, what it may cost, where it stands, what came of it.

    `external_task_id` is written before the provider is called: it is how a task is found again
    whose acceptance we did not hear. Amounts are micro-credits.
    """

    public_id = models.CharField(max_length=40, unique=True, default=new_generation_id)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="generations")
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    api_key = models.ForeignKey(
        ApiKey, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    operation = models.CharField(max_length=40)
    model = models.CharField(max_length=60)
    mode = models.CharField(max_length=10, blank=True, help_text="Of the input, where it has one.")
    input = models.JSONField(help_text="As validated: every value that decides the price stands.")
    metadata = models.JSONField(default=dict, blank=True)
    webhook_url = models.CharField(max_length=2000, blank=True)
    client_task_id = models.CharField(  # noqa: DJ001  null, since only given ones are unique
        max_length=200, null=True, blank=True, help_text="Given as external_task_id at /kling/v1."
    )
    callback_url = models.CharField(
        max_length=2000, blank=True, help_text="Gets Kling's own callbacks at each change."
    )

    account = models.ForeignKey(
        ProviderAccount, on_delete=models.PROTECT, related_name="generations"
    )
    provider = models.CharField(
        max_length=50, blank=True, help_text="Where the customer wants it, if that was said."
    )
    slots = models.PositiveSmallIntegerField(default=1)
    external_task_id = models.CharField(max_length=64, unique=True)
    callback_token = models.CharField(max_length=64, unique=True, default=new_callback_token)
    task_id = models.CharField(max_length=200, blank=True, db_index=True)

    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    approval = models.CharField(max_length=8, choices=Approval.choices, blank=True, default="")
    due_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0, help_text="Submissions begun.")
    checks = models.PositiveIntegerField(default=0, help_text="Looks in the present state.")
    attention = models.CharField(
        max_length=300, blank=True, help_text="Why a person has to look at this job."
    )

    units = models.DecimalField(max_digits=18, decimal_places=6)
    step_units = models.DecimalField(
        max_digits=18,
        decimal_places=6,
        default=0,
        help_text="Of the units, those of a call before the task, which no deduction mentions.",
    )
    lost_units = models.DecimalField(
        max_digits=18,
        decimal_places=6,
        default=0,
        help_text="Units of calls before a task that was then not made. Nobody is charged them.",
    )
    unit_type = models.CharField(max_length=10)
    price_book_id = models.PositiveBigIntegerField()
    rate = models.PositiveBigIntegerField(help_text="Micro-credits a unit, margin included.")
    quoted = models.PositiveBigIntegerField()
    charged = models.PositiveBigIntegerField(default=0)
    hold = models.OneToOneField(Hold, on_delete=models.PROTECT, related_name="generation")
    final_unit_deduction = models.CharField(
        max_length=64, blank=True, help_text="The provider's own text."
    )
    deducted = models.DecimalField(
        max_digits=18,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="Units that it took in all, a step before the task included. Empty: not said.",
    )
    unit_cost = models.DecimalField(
        max_digits=13,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="What a unit cost the operator at that time. Empty: not known then.",
    )

    late_look_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When to ask about a job next that a person has ended in the provider's stead.",
    )

    outputs = models.JSONField(
        default=list, blank=True, help_text="Where the provider keeps the results, for a while."
    )
    error_code = models.CharField(max_length=60, blank=True)
    error_message = models.CharField(max_length=500, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    called_back_at = models.DateTimeField(
        null=True, blank=True, help_text="The first callback that did not say “still running”."
    )
    finished_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    expired_at = models.DateTimeField(
        null=True, blank=True, help_text="When its files were removed, as the plan says."
    )

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "client_task_id"], name="generation_client_task_id"
            ),
            models.CheckConstraint(
                condition=Q(charged__lte=F("quoted")), name="generation_charged_within_quote"
            ),
            models.CheckConstraint(
                condition=Q(state__in=sorted(ACTIVE), due_at__isnull=False)
                | Q(~Q(state__in=sorted(ACTIVE)), due_at__isnull=True, finished_at__isnull=False),
                name="generation_active_has_a_clock",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["processing", "storing"], task_id__gt="")
                | ~Q(state__in=["processing", "storing"]),
                name="generation_processing_has_a_task",
            ),
            # Whatever code forgets to ask: what waits for a yes is not sent.
            models.CheckConstraint(
                condition=~Q(approval="waiting") | Q(state__in=["queued", "canceled", "failed"]),
                name="generation_unapproved_is_not_sent",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "due_at"],
                condition=Q(due_at__isnull=False),
                name="generation_due",
            ),
            models.Index(
                fields=["late_look_at"],
                condition=Q(late_look_at__isnull=False),
                name="generation_late",
            ),
            # Each look at the free slots sums these up, from the index alone.
            models.Index(
                fields=["account", "model", "workspace", "submitted_at", "slots"],
                condition=Q(state__in=sorted(OCCUPYING)),
                name="generation_occupying",
            ),
            # The waiting jobs of a workspace in its place, however many others wait.
            models.Index(
                fields=["account", "model", "workspace", "id"],
                condition=Q(state=State.QUEUED),
                name="generation_waiting",
            ),
            models.Index(fields=["workspace", "-id"], name="generation_of_workspace"),
            # The quotas count these inside every create.
            models.Index(
                fields=["workspace"], condition=Q(due_at__isnull=False), name="generation_running"
            ),
            # With all that usage is counted by: a year of it is read from the index alone.
            models.Index(
                fields=["workspace", "created_at", "operation", "charged", "created_by", "api_key"],
                name="generation_usage",
            ),
            # For the operator's reports. Not an index on created_at: that would cost each create.
            models.Index(
                fields=["finished_at"],
                condition=Q(finished_at__isnull=False),
                name="generation_finished",
            ),
            models.Index(
                fields=["workspace"],
                condition=Q(state="queued", approval="waiting"),
                name="generation_to_approve",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_final(self) -> bool:
        return self.due_at is None

    @property
    def has_verdict(self) -> bool:
        """Whether the money is settled or released; before, its hold is what it was."""
        return self.is_final or self.state == State.STORING

    @property
    def is_waiting_for_approval(self) -> bool:
        return self.state == State.QUEUED and self.approval == Approval.WAITING


class Transition(models.Model):
    """One step in the history of a generation. Only ever added to."""

    generation = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="transitions")
    was = models.CharField(max_length=12, blank=True)
    now = models.CharField(max_length=12)
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.was or '·'} → {self.now}: {self.reason}"
