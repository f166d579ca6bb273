from __future__ import annotations

from typing import Any


class Refused(Exception):
    """An answer in Stripe's error envelope. Nothing of the request has happened."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str = "",
        param: str = "",
    ) -> None:
        self.status = status
        self.kind = kind
        self.code = code
        self.param = param
        super().__init__(message)

    def envelope(self) -> dict[str, Any]:
        error = {"type": self.kind, "message": str(self)}
        if self.code:
            error["code"] = self.code
        if self.param:
            error["param"] = self.param
        return {"error": error}


class CardRefused(Exception):
    """The card said no. What the attempt left behind, such as a failed charge, stays."""

    def __init__(self, error: dict[str, Any]) -> None:
        self.error = error
        super().__init__(error["message"])

    def envelope(self) -> dict[str, Any]:
        return {"error": self.error}


def missing(kind: str, object_id: str, *, param: str = "id") -> Refused:
    """Stripe answers 404 for the object that is asked for, 400 for one named in a parameter."""
    return Refused(
        f"No such {kind}: '{object_id}'",
        status=404 if param == "id" else 400,
        code="resource_missing",
        param=param,
    )
