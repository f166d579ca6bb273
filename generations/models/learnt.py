"""What is learnt of the providers by watching them. Any of these rows may be deleted: it is
learnt again."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from generations.models.accounts import Dialect, ProviderAccount


class UsualDuration(models.Model):
    """How long jobs of one kind take at a provider: a log-normal by its moments.

    `mean` and `variance` are those of the natural logarithm of the seconds; older jobs count ever
    less (generations/durations).
    """

    dialect = models.CharField(max_length=12, choices=Dialect.choices)
    operation = models.CharField(max_length=40)
    model = models.CharField(max_length=60)
    mode = models.CharField(max_length=10, blank=True)
    count = models.PositiveIntegerField(default=0)
    mean = models.FloatField(default=0.0)
    variance = models.FloatField(default=0.0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dialect", "operation", "model", "mode"], name="usual_duration_unique"
            ),
            models.CheckConstraint(condition=Q(variance__gte=0), name="usual_duration_variance"),
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.dialect, self.operation, self.model, self.mode)))


class CallbackHealth(models.Model):
    """Which share of an account's finished jobs had been announced by a callback.

    `reliable` says whether polling leaves the finding to them (generations/callback_health).
    """

    account = models.OneToOneField(
        ProviderAccount, on_delete=models.CASCADE, related_name="callback_health"
    )
    judged = models.PositiveIntegerField(default=0)
    share = models.FloatField(default=0.0)
    reliable = models.BooleanField(default=False)
    changed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "callback health"

    def __str__(self) -> str:
        return f"{self.account}: {self.share:.0%}"


class SlotPool(models.Model):
    """What an account takes of one model at a time, and whose turn it is for it.

    `learnt` parallel tasks is what it had when it last said that it had too many (code 1303), at
    `learnt_at`; `ring` the waiting workspaces in their turn, each with what it has saved up.
    """

    account = models.ForeignKey(ProviderAccount, on_delete=models.CASCADE, related_name="+")
    model = models.CharField(max_length=60)
    learnt = models.PositiveIntegerField(null=True, blank=True)
    learnt_at = models.DateTimeField(null=True, blank=True)
    ring = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "model"], name="slot_pool_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.model}"


class Notice(models.Model):
    """Something that the operator is told once, by `key`; not yet while `told_at` is empty.

    `due_at`: when it is tried to tell it, the next time.
    """

    key = models.CharField(max_length=200, unique=True)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    raised_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(default=timezone.now)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(told_at=None), name="notice_untold"),
        ]

    def __str__(self) -> str:
        return self.subject
