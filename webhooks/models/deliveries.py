from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.ids import new_id
from accounts.models import Workspace
from webhooks.models.endpoints import Endpoint


def new_message_id() -> str:
    return new_id("msg")


def new_delivery_id() -> str:
    return new_id("whd")


class Message(models.Model):
    """One event, as sent: the same id and body to every receiver and at every attempt."""

    public_id = models.CharField(
        max_length=40,
        unique=True,
        default=new_message_id,
        editable=False,
        help_text="The webhook-id header, by which receivers recognise repetitions.",
    )
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="webhook_messages"
    )
    type = models.CharField(max_length=60)
    body = models.TextField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["workspace", "-id"], name="message_by_workspace")]

    def __str__(self) -> str:
        return f"{self.type} ({self.public_id})"


class DeliveryState(models.TextChoices):
    PENDING = "pending", "Waiting"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed"
    CANCELED = "canceled", "Cancelled"


class Delivery(models.Model):
    """One message on its way to one receiver: an endpoint, or the `url` given with a job."""

    public_id = models.CharField(
        max_length=40, unique=True, default=new_delivery_id, editable=False
    )
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(
        Endpoint, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries"
    )
    url = models.CharField("URL", max_length=2000, blank=True)
    state = models.CharField(
        max_length=10, choices=DeliveryState.choices, default=DeliveryState.PENDING
    )
    attempts = models.PositiveIntegerField(
        default=0, help_text="Counted before the request, so that a killed worker counts too."
    )
    earlier_attempts = models.PositiveIntegerField(
        default=0, help_text="Attempts before it was last sent again by hand."
    )
    due_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(
        null=True, blank=True, help_text="A worker is sending it; after this time it has died."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.CheckConstraint(
                condition=Q(endpoint__isnull=False, url="")
                | (Q(endpoint__isnull=True) & ~Q(url="")),
                name="delivery_to_endpoint_or_url",
            ),
            models.CheckConstraint(
                condition=Q(state="pending", due_at__isnull=False, finished_at__isnull=True)
                | Q(
                    state__in=["delivered", "failed", "canceled"],
                    due_at__isnull=True,
                    leased_until__isnull=True,
                    finished_at__isnull=False,
                ),
                name="delivery_due_or_finished",
            ),
            models.UniqueConstraint(
                fields=["message", "endpoint"],
                condition=Q(endpoint__isnull=False),
                name="delivery_once_per_endpoint",
            ),
            models.UniqueConstraint(
                fields=["message"],
                condition=Q(endpoint__isnull=True),
                name="delivery_once_per_url",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="pending"), name="delivery_due"),
            models.Index(fields=["endpoint", "-id"], name="delivery_by_endpoint"),
        ]

    def __str__(self) -> str:
        return f"{self.message} to {self.address}"

    @property
    def address(self) -> str:
        """The endpoint's address of now: retries follow a corrected one."""
        return self.endpoint.url if self.endpoint is not None else self.url

    @property
    def last_attempt(self) -> Attempt | None:
        # In Python, since pages have the log prefetched.
        attempts = list(self.log.all())
        return attempts[-1] if attempts else None


class Attempt(models.Model):
    """One request and its answer. Only ever added to."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="log")
    number = models.PositiveIntegerField()
    url = models.CharField("URL", max_length=2000)
    at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    request_headers = models.JSONField(default=dict)
    response_excerpt = models.TextField(blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["delivery", "number"], name="attempt_number_unique"),
        ]

    def __str__(self) -> str:
        return f"Attempt {self.number}: {self.status_code or self.error}"
