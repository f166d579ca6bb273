"""A browser's connection to a server, for a loop in which thousands are open."""

from __future__ import annotations

import asyncio
import re


class Wire:
    """A browser's connection: kept as long as the server keeps it."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str, cookie: str) -> tuple[int, str]:
        """Status and body of a 200 or 204; anything else is an error."""
        head = f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\nCookie: {cookie}\r\n"
        for fresh in (False, True):
            try:
                status, body = await self._ask(f"{head}HX-Request: true\r\n\r\n", fresh=fresh)
            except (ConnectionError, asyncio.IncompleteReadError):
                if fresh:
                    raise
                continue  # it was closed meanwhile
            if status not in (200, 204):
                raise RuntimeError(f"{path}: {status} {body[:200]!r}")
            return status, body.decode()
        raise AssertionError("the second try returns or raises")

    async def _ask(self, request: str, *, fresh: bool) -> tuple[int, bytes]:
        if fresh or self.streams is None:
            self.close()
            self.streams = await asyncio.open_connection(self.host, self.port)
        reader, writer = self.streams
        writer.write(request.encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = re.search(rb"content-length: (\d+)", head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        if b"connection: close" in head:
            self.close()
        return int(head.split(b" ", 2)[1]), body

    def close(self) -> None:
        if self.streams is not None:
            self.streams[1].close()
            self.streams = None
