"""Open pages as a browser keeps them: what `static/js/live.js` does, in one loop for all of them.

The intervals are read from that file; all else comes from the pages and from what is answered.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode, urlsplit

from bench.servers import ROOT
from bench.wire import Wire

PART = re.compile(r"<[a-z]+ [^>]*data-poll=[^>]*>")
ATTRIBUTE = re.compile(r'([a-z-]+)(?:="([^"]*)")?')


class Pace:
    """Seconds between two questions, by the age of a job."""

    def __init__(self) -> None:
        script = (ROOT / "static/js/live.js").read_text()
        self.steps: list[tuple[float, float]] = json.loads(_constant(script, "PACE"))
        self.slowest = float(_constant(script, "SLOWEST"))
        self.slower = float(_constant(script, "SLOWER"))

    def of(self, age: float, *, is_slow: bool) -> float:
        seconds = next((every for until, every in self.steps if age < until), self.slowest)
        return max(self.slower, seconds) if is_slow else seconds


def _constant(script: str, name: str) -> str:
    found = re.search(rf"var {name} = ([^;]+);", script)
    if found is None:
        raise RuntimeError(f"live.js has no {name} any more: read it anew, and follow it here")
    return found[1]


Tally = dict[str, list[float]]  # seconds that each answer took: those to `live` and to `part`


@dataclass(frozen=True)
class Part:
    """Of a page, what follows a job; `since` by the monotonic clock."""

    poll: str
    ticket: str
    age: float
    is_slow: bool
    since: float


@dataclass
class Page:
    """A page somebody looks at; it asks from `begins` on, by the monotonic clock.

    `first`: the part of the first pause that it waits, as if it had been opened before.
    """

    path: str
    cookie: str
    first: float
    begins: float = 0.0
    parts: list[Part] = field(default_factory=list)
    wire: Wire = field(default_factory=lambda: Wire("", 0))

    async def open(self) -> None:
        self.parts = _parts((await self.wire.get(self.path, self.cookie))[1])
        if not self.parts:
            raise RuntimeError(f"{self.path} follows nothing")
        self.wire.close()  # many stand open before they begin, which no server keeps

    def begin(self, *, at: float, later: float) -> None:
        """Ask from `at` on; its job is younger by `later` than when the page was opened."""
        self.begins = at
        self.parts = [replace(part, since=part.since + later) for part in self.parts]

    async def follow(self, pace: Pace, tally: Tally, *, until: float) -> None:
        """Ask as often as its youngest part wants it, until none changes any more."""
        share = self.first
        while self.parts:
            wait = min(self._pause(pace, part) for part in self.parts)
            due = max(self.begins, time.monotonic()) + wait * share
            share = 1.0
            if due > until:
                return
            await asyncio.sleep(due - time.monotonic())
            await self._look(tally)

    def _pause(self, pace: Pace, part: Part) -> float:
        age = part.age + max(self.begins, time.monotonic()) - part.since
        return pace.of(age, is_slow=part.is_slow)

    async def _look(self, tally: Tally) -> None:
        query = urlencode([("job", part.ticket) for part in self.parts])
        began = time.monotonic()
        status, body = await self.wire.get(f"/live?{query}", self.cookie)
        tally["live"].append(time.monotonic() - began)
        for number in reversed(json.loads(body)["changed"] if status == 200 else []):
            began = time.monotonic()
            _, shown = await self.wire.get(self.parts[number].poll, self.cookie)
            tally["part"].append(time.monotonic() - began)
            self.parts[number : number + 1] = _parts(shown)


def _parts(shown: str) -> list[Part]:
    found = []
    for tag in PART.findall(shown):
        given = {name: html.unescape(value) for name, value in ATTRIBUTE.findall(tag)}
        is_slow = "data-poll-slow" in given
        age = float(given.get("data-age") or 0)
        found.append(Part(given["data-poll"], given["data-ticket"], age, is_slow, time.monotonic()))
    return found


async def open_all(pages: Sequence[Page], url: str, *, together: int) -> None:
    """Load each once, `together` at a time."""
    parts, gate = urlsplit(url), asyncio.Semaphore(together)

    async def load(page: Page) -> None:
        async with gate:
            page.wire = Wire(parts.hostname or "", parts.port or 0)
            await page.open()

    await asyncio.gather(*map(load, pages))


async def follow_all(pages: Sequence[Page], *, until: float) -> Tally:
    pace = Pace()
    tally: Tally = {"live": [], "part": []}
    await asyncio.gather(*(page.follow(pace, tally, until=until) for page in pages))
    for page in pages:
        page.wire.close()
    return tally
