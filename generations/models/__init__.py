from __future__ import annotations

from generations.models.accounts import Dialect, ProviderAccount
from generations.models.approvals import ApprovalRequest
from generations.models.generations import Generation, Transition
from generations.models.learnt import CallbackHealth, Notice, SlotPool, UsualDuration
from generations.models.media import Asset, MediaKind, Origin, Upload
from generations.models.requests import IdempotencyKey, Quote
from generations.states import Approval, State

__all__ = [
    "Approval",
    "ApprovalRequest",
    "Asset",
    "CallbackHealth",
    "Dialect",
    "Generation",
    "IdempotencyKey",
    "MediaKind",
    "Notice",
    "Origin",
    "ProviderAccount",
    "Quote",
    "SlotPool",
    "State",
    "Transition",
    "Upload",
    "UsualDuration",
]
