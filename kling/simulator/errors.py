"""The providers' error codes, as they stand on the wire."""

from __future__ import annotations

from typing import Final

# Code → HTTP status and the message that the provider was seen to send, or that its table prints.
TABLE: Final[dict[int, tuple[int, str]]] = {
    1000: (401, "Authentication failed"),
    1001: (401, "Authorization is empty"),
    1002: (401, "api key not found"),
    1003: (401, "Authorization is not yet valid"),
    1004: (401, "Authorization has expired"),
    1100: (429, "Account exception"),
    1101: (429, "Account in arrears"),
    1102: (429, "Account balance not enough"),
    1103: (403, "No permission for this resource"),
    1200: (400, "Invalid request parameters"),
    1201: (400, "Invalid parameters"),
    1202: (404, "The requested method is invalid"),
    1203: (404, "The requested resource does not exist"),
    1300: (400, "Trigger strategy of the platform"),
    1301: (400, "Trigger the content security policy of the platform"),
    1302: (429, "The API request is too fast, exceeding the platform's rate limit"),
    1303: (429, "parallel task over resource pack limit"),
    1304: (429, "Trigger the platform's IP whitelisting policy"),
    5000: (500, "Server internal error"),
    5001: (503, "Server temporarily unavailable"),
    5002: (504, "Server internal timeout"),
}


class Refusal(Exception):
    """The request is answered with a Kling code instead of a task."""

    def __init__(self, code: int, message: str = "", *, http_status: int | None = None) -> None:
        usual_status, usual_message = TABLE.get(code, (400, "Unknown error"))
        self.code = code
        self.message = message or usual_message
        self.http_status = http_status or usual_status
        super().__init__(f"{code} {self.message}")


class WrongPath(Exception):
    """No such endpoint in this dialect."""


class ConnectionDropped(Exception):
    """The connection is closed without (the rest of) an answer."""
