"""What can go wrong when we fetch from, or post to, an address that we did not choose.

FetchError                .retryable: the same request may succeed later
├── UnsafeAddress         not a public https address; nothing was sent          never
├── Unreachable           no DNS answer, no connection, bad TLS, broken answer  yes
├── TooSlow               a read or the whole exchange ran out of time          yes
├── Truncated             fewer bytes than announced, or cut between chunks     yes
├── TooLarge              more bytes than the caller allows                     never
├── TooManyRedirects      more hops than the caller allows                      never
└── BadStatus             the answer was not 200; `.status`                     408, 429, 5xx
"""

from __future__ import annotations


class FetchError(Exception):
    """Base of all; its text is meant for the log of the workspace, and names no inner host."""

    retryable = False


class UnsafeAddress(FetchError):
    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Unreachable(FetchError):
    retryable = True


class TooSlow(FetchError):
    retryable = True


class Truncated(FetchError):
    retryable = True


class TooLarge(FetchError):
    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"The answer is larger than {limit} bytes.")


class TooManyRedirects(FetchError):
    pass


class BadStatus(FetchError):
    def __init__(self, status: int) -> None:
        self.status = status
        self.retryable = status in {408, 429} or status >= 500
        super().__init__(f"The server answered with status {status}.")
