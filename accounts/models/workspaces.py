from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from accounts.ids import new_id
from accounts.models.caps import Capped
from accounts.models.users import User


def new_workspace_id() -> str:
    return new_id("wsp")


class Plan(models.Model):
    """Limits that workspaces share. An empty limit means: none."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=60)
    running_jobs = models.PositiveIntegerField(
        null=True, blank=True, help_text="Jobs not yet finished, at the same time."
    )
    daily_credits = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Credits a day (UTC), in millionths of a credit."
    )
    storage_bytes = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Stored results and uploads, in bytes."
    )
    requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="API requests a minute and key."
    )
    share = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="Of the provider's places, while several workspaces wait: one with 3 is served "
        "three times as often as one with 1.",
    )
    parallel_tasks = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="At the provider at the same time, for each workspace. More jobs wait.",
    )
    parallel_tasks_together = models.PositiveIntegerField(
        null=True, blank=True, help_text="The same for all workspaces of the plan together."
    )
    retention_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Days that results and uploads are kept. Files go at the earliest a week after "
        "a change of this.",
    )
    retention_changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_default = models.BooleanField(
        default=False, help_text="The plan of people who sign up on the web."
    )

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="plan_one_default"
            ),
            # Without a share its workspaces would wait for ever.
            models.CheckConstraint(condition=Q(share__gte=1), name="plan_has_a_share"),
        ]

    def __str__(self) -> str:
        return self.name


class Workspace(Capped):
    """A tenant: owns credits, jobs, assets, keys. Every tenant-owned row points here."""

    public_id = models.CharField(
        max_length=40, unique=True, default=new_workspace_id, editable=False
    )
    name = models.CharField(max_length=80)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="workspaces")
    plan_changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    members = models.ManyToManyField(User, through="Membership", related_name="workspaces")
    approval_above = models.PositiveBigIntegerField(
        null=True,
        blank=True,
        help_text="Jobs that cost more wait for an admin: in millionths of a credit.",
    )
    parallel_tasks = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="At the provider at the same time; empty: as the plan says.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member may do; each role may do what the ones below it may."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    MEMBER = "member", "Member"
    VIEWER = "viewer", "Viewer"


class Membership(Capped):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="membership_unique"),
            models.CheckConstraint(
                condition=Q(role__in=[choice.value for choice in Role]), name="membership_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.workspace} as {self.role}"
