from __future__ import annotations

from webhooks.models.deliveries import Attempt, Delivery, DeliveryState, Message
from webhooks.models.endpoints import DisabledReason, Endpoint, EventType, WorkspaceSecret

__all__ = [
    "Attempt",
    "Delivery",
    "DeliveryState",
    "DisabledReason",
    "Endpoint",
    "EventType",
    "Message",
    "WorkspaceSecret",
]
