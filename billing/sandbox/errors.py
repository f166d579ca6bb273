from __future__ import annotations

from typing import Any


class Refused(Exception):
    """An answer in Stripe's error envelope."""

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


def missing(kind: str, object_id: str) -> Refused:
    return Refused(
        f"No such {kind}: '{object_id}'", status=404, code="resource_missing", param="id"
    )
