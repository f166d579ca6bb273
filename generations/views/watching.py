"""What an open page asks every few seconds: has anything on it changed?

A thousand open pages ask some hundred times a second, and nearly always nothing has. So a page
asks once for all of its jobs, mostly without a query (`board`), and is answered before sessions,
memberships and logs. Whose page it is stands in the tickets that it was given for its jobs. They
tell no more than that a job has changed, and its place in line; what has become of it the page
then gets at the job's own address, where it matters who asks. For that a ticket is good for a day
only: whoever has left the workspace by then gets no other one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse

from generations import places
from generations.models import Generation
from generations.views import telling
from generations.views.board import Entries, Entry, board

PATH = "/live"
METHODS = ("GET", "HEAD")
# Tickets in one question. As many fit into the 4,094 bytes that gunicorn takes for a request's
# first line; the longest page has 24.
MOST = 40
GOOD_FOR = timedelta(days=1)
signer = TimestampSigner(salt="generations.live")


@dataclass(frozen=True)
class Ticket:
    """A job by its primary key, and the phase in which a page shows it, with its place or not."""

    workspace: int
    generation: int
    phase: str
    with_line: bool


def ticket(generation: Generation, *, with_line: bool = False) -> str:
    """For a page that shows the job as it is now; `with_line`: and its place in line."""
    facts = (generation.workspace_id, generation.pk, telling.phase(generation), int(with_line))
    return signer.sign(".".join(map(str, facts)))


def read(text: str) -> Ticket | None:
    """None of one that says nothing to us: it is old, forged, or of another version of ours."""
    try:
        facts = signer.unsign(text, max_age=GOOD_FOR)
        workspace, generation, phase, with_line = facts.split(".")
        return Ticket(int(workspace), int(generation), phase, with_line == "1")
    except (BadSignature, ValueError):
        return None


class WatchMiddleware:
    """Answers `/live?job=ticket&job=…`: 204, or what there is to tell.

    That is `changed`, the numbers of the tickets whose jobs have another phase now or are gone,
    and `lines`, by such numbers the places in line of those that wait. A ticket that cannot be
    read, or is one too many, is said to have changed: it is exchanged for a new one, by whoever
    may see the job.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info != PATH:
            return self.get_response(request)
        is_asked = request.method in METHODS
        response = _answer(request) if is_asked else HttpResponseNotAllowed(METHODS)
        response["Cache-Control"] = "no-store"
        return response


def _answer(request: HttpRequest) -> HttpResponse:
    texts = request.GET.getlist("job")
    tickets = {text: read(text) for text in set(texts[:MOST])}
    entries = board.entries({one.generation for one in tickets.values() if one is not None})
    changed, lines = [], {}
    for number, text in enumerate(texts):
        one = tickets.get(text)
        if one is None or _has_changed(one, entries):
            changed.append(number)
        elif one.with_line and (line := _line(entries.get(one.generation))):
            lines[number] = line
    if not changed and not lines:
        return HttpResponse(status=204)
    response = JsonResponse({"changed": changed, "lines": lines})
    response["Content-Length"] = len(response.content)  # else it is sent in chunks
    return response


def _has_changed(one: Ticket, entries: Entries) -> bool:
    if one.generation not in entries:
        return False  # nobody could look yet
    entry = entries[one.generation]
    return entry is None or (entry.workspace, entry.phase) != (one.workspace, one.phase)


def _line(entry: Entry | None) -> str:
    if entry is None or entry.waiting is None:
        return ""
    return telling.line(places.pictures.position(entry.waiting))
