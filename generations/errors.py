"""What an action of this app may refuse. No HTTP here: kling_saas/api_errors.py maps them."""

from __future__ import annotations

from billing.amounts import to_text
from kling.errors import FieldError


class InvalidRequest(Exception):
    """The request is wrong: one error a field, with paths such as `input.duration`."""

    def __init__(self, errors: list[FieldError]) -> None:
        self.errors = errors
        super().__init__(" ".join(error.message for error in errors))


class ProviderUnavailable(Exception):
    """No enabled account serves the operation now."""


class ClientTaskIdTaken(Exception):
    """The workspace has a job under this id of its own already."""


class QuoteExpired(Exception):
    pass


class PriceRaised(Exception):
    """The job costs more than the caller agreed to: `.credits`, in micro-credits."""

    def __init__(self, credits: int) -> None:
        self.credits = credits
        super().__init__(f"This costs {to_text(credits)} credits. Nothing was charged.")


class NotCancellable(Exception):
    """The job has reached the provider, which knows no cancelling, or is already final."""


class AlreadyDecided(Exception):
    """The job waits for no approval: it was decided, withdrawn, or never needed one."""


class NotFinished(Exception):
    """Only a finished job can be deleted."""


class IdempotencyMismatch(Exception):
    """The key was used before, with another request."""


class IdempotencyInProgress(Exception):
    """A request with the same key is being worked right now."""


class TooLarge(Exception):
    """The file has more bytes than settings.MAX_UPLOAD_BYTES."""


class UnsupportedMedia(Exception):
    """The file is of no type that we take, whatever its name says."""


class StorageUnavailable(Exception):
    """Files can be neither stored nor removed now. May pass."""
