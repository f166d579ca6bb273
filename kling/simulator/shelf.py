"""The files that requests bring along, kept under the hash of their content."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urljoin, urlsplit

import requests

FetchFiles = Literal["loopback", "all", "none"]
POLICIES: Final[tuple[FetchFiles, ...]] = ("loopback", "all", "none")
FOLDER: Final = "inputs"
TIMEOUT: Final = (3.0, 10.0)
LONGEST_FETCH: Final = 60.0
MOST_REDIRECTS: Final = 3
CHUNK: Final = 64 * 1024


class CannotFetch(Exception):
    """Nobody answers at the address, or not with a file."""


class TooLarge(Exception):
    """The file has more bytes than the field takes."""


def wanted(address: str, policy: FetchFiles) -> bool:
    """Whether files at `address` are fetched; those that are not are taken as good."""
    parts = urlsplit(address)
    if policy == "none" or parts.scheme.lower() not in ("http", "https"):
        return False
    return policy == "all" or _is_loopback(parts.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


class Shelf:
    """One folder of files. Names are relative to the folder of the state."""

    def __init__(self, state: Path) -> None:
        self._state = state
        (state / FOLDER).mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        return self._state / name

    def put(self, data: bytes) -> str:
        return self._keep(iter((data,)), most=len(data))

    def fetch(self, address: str, *, most: int, policy: FetchFiles) -> str:
        """Fetch at most `most` bytes. Raises CannotFetch and TooLarge."""
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = _answer(session, address, policy)
                return self._keep(_body(answer), most=most)
        except (requests.RequestException, OSError, ValueError) as error:
            raise CannotFetch(address) from error

    def _keep(self, chunks: Iterator[bytes], *, most: int) -> str:
        partial = self._state / FOLDER / f".{secrets.token_hex(8)}.part"
        digest, size = hashlib.sha256(), 0
        try:
            with partial.open("wb") as file:
                for chunk in chunks:
                    size += len(chunk)
                    if size > most:
                        raise TooLarge
                    digest.update(chunk)
                    file.write(chunk)
            name = f"{FOLDER}/{digest.hexdigest()[:40]}"
            os.replace(partial, self.path(name))  # noqa: PTH105
        finally:
            partial.unlink(missing_ok=True)
        return name


def _answer(session: requests.Session, address: str, policy: FetchFiles) -> requests.Response:
    """The answer after redirects, of which each has to be allowed like the first address."""
    for _ in range(MOST_REDIRECTS + 1):
        answer = session.get(address, stream=True, timeout=TIMEOUT, allow_redirects=False)
        if not answer.is_redirect:
            answer.raise_for_status()
            return answer
        address = urljoin(address, answer.headers["location"])
        if not wanted(address, policy):
            break
    raise CannotFetch(address)


def _body(answer: requests.Response) -> Iterator[bytes]:
    deadline = time.monotonic() + LONGEST_FETCH
    for chunk in answer.iter_content(CHUNK):
        if time.monotonic() > deadline:
            raise CannotFetch(answer.url)
        yield chunk
