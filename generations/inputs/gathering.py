"""Each file of an input once, however often and in whatever way it is named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import BoundedSemaphore
from time import monotonic

from django.conf import settings

from accounts.models import Workspace
from generations.errors import StorageUnavailable
from generations.inputs import held, known, looking, recent
from generations.inputs.known import Known
from generations.inputs.looking import Allowance, Looked, Unusable
from kling.media import MediaRule, Spot, is_held

FETCH_SECONDS = 20.0  # for all addresses of a request: somebody waits for the answer
AT_ONCE = 8
# Each request that fetches holds a thread of the web server for as long as somebody's server
# likes, up to FETCH_SECONDS: most threads must stay free for what has nothing to do with it.
places = BoundedSemaphore(3)
PLACE_SECONDS = 2.0  # that a request waits for one
BUSY = "Too many files are being fetched at the moment. Please try again."
MOST_FILES_WORTH = 2  # times the largest file; no operation takes two films
ADDRESS = re.compile(r"https?://", re.IGNORECASE)
# What begins like this was meant to be a file; what is shorter is a slip of the pen, which the
# declaration of the field refuses in its own words.
ENCODED = re.compile(r"data:|[A-Za-z0-9+/\s]{16}", re.IGNORECASE | re.ASCII)

Outcome = Known | Unusable


class Gathering:
    """`rows`: what we held already, `fresh`: what came with the request, by what stands for it."""

    def __init__(self, workspace: Workspace, files: ExitStack, *, keep: bool) -> None:
        self.rows: dict[str, held.Row] = {}
        self.fresh: dict[str, Looked] = {}
        self._workspace = workspace
        self._files = files
        self._keep = keep

    def outcomes(self, spots: Iterable[Spot]) -> dict[str, Outcome]:
        """By value; what has the form of no file is left out.

        Raises StorageDown, and StorageUnavailable where too many others fetch at the moment.
        """
        rules = _largest(spots)
        ids = {text: text if is_held(text) else held.own_link(text) for text in rules}
        self.rows = held.find(self._workspace, ids.values())
        found: dict[str, Outcome] = {}
        links: dict[str, MediaRule] = {}
        for text, rule in rules.items():
            if row := self.rows.get(ids[text]):
                found[text] = known.of_row(row)
            elif is_held(text):
                found[text] = Unusable("not_found", f"There is no upload or result {text} here.")
            elif ADDRESS.match(text):
                links[text] = rule
            elif ENCODED.match(text):
                found[text] = self._inline(text, rule)
        return found | self._linked(links)

    def _inline(self, text: str, rule: MediaRule) -> Outcome:
        try:
            return self._take(
                self._files.enter_context(looking.inline(text, max_bytes=rule.max_bytes))
            )
        except Unusable as exc:
            return exc

    def _linked(self, links: Mapping[str, MediaRule]) -> dict[str, Outcome]:
        """What is only priced may be what was found a moment ago; what is kept is fetched."""
        found: dict[str, Outcome] = {}
        if not self._keep:
            recently = {url: recent.get(self._workspace, url) for url in links}
            found |= {url: one for url, one in recently.items() if one}
        fetched = self._fetch({url: rule for url, rule in links.items() if url not in found})
        for url, looked in fetched.items():
            found[url] = looked if isinstance(looked, Unusable) else self._take(looked)
            if isinstance(one := found[url], Known):
                recent.put(self._workspace, url, one)
        return found

    def _fetch(self, links: Mapping[str, MediaRule]) -> dict[str, Looked | Unusable]:
        if not links:
            return {}
        if not places.acquire(timeout=PLACE_SECONDS):
            raise StorageUnavailable(BUSY)
        try:
            return self._fetch_now(links)
        finally:
            places.release()

    def _fetch_now(self, links: Mapping[str, MediaRule]) -> dict[str, Looked | Unusable]:
        end = monotonic() + FETCH_SECONDS
        allowance = Allowance(MOST_FILES_WORTH * settings.MAX_UPLOAD_BYTES)

        def fetch(url: str, rule: MediaRule) -> Looked | Unusable:
            # Only HTTP and files in the threads: each would open a database connection of its own.
            try:
                seconds = max(0.001, end - monotonic())
                return self._files.enter_context(
                    looking.fetched(
                        url,
                        kind=rule.kind,
                        max_bytes=rule.max_bytes,
                        seconds=seconds,
                        allowance=allowance,
                    )
                )
            except Unusable as exc:
                return exc

        with ThreadPoolExecutor(max_workers=min(AT_ONCE, len(links))) as pool:
            return dict(zip(links, pool.map(fetch, links, links.values()), strict=True))

    def _take(self, looked: Looked) -> Known:
        found = known.of_looked(looked)
        self.fresh.setdefault(found.value, looked)
        return found


def _largest(spots: Iterable[Spot]) -> dict[str, MediaRule]:
    """By value, the rule of its field with the size that the most generous provider takes."""
    found: dict[str, MediaRule] = {}
    for spot in spots:
        if spot.rule is None:
            continue
        sizes = [spot.rule.max_bytes, *(one.max_bytes for one in spot.rule.through.values())]
        if spot.value in found:
            sizes.append(found[spot.value].max_bytes)
        found[spot.value] = spot.rule.but(max_bytes=min(max(sizes), settings.MAX_UPLOAD_BYTES))
    return found
