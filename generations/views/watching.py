"""What an open page asks every few seconds: has anything on it changed?

A thousand open pages ask some hundred times a second, and nearly always nothing has. So a page
asks once for all of its jobs, mostly without a query (`board`), and is answered before sessions,
memberships and logs. Whose page it is stands in the tickets that it was given for its jobs. They
tell no more than that a job has changed, and its place in line; what has become of it the page
then gets at the job's own address, where it matters who asks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts import wall
from accounts.models import Workspace
from generations import places, queries
from generations.models import Generation, State
from generations.views import telling
from generations.views.board import Entry, board

PATH = "/live"
MOST = 60  # tickets in one question; the longest page has 24
LINE_FACTS = (
    *("state", "approval", "workspace", "operation", "model", "mode"),
    *("account__enabled", "account__paused_at", "account__dialect"),
)
signer = Signer(salt="generations.live")


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
    try:
        workspace, generation, phase, with_line = signer.unsign(text).split(".")
    except BadSignature:
        return None
    return Ticket(int(workspace), int(generation), phase, with_line == "1")


class WatchMiddleware:
    """Answers `/live?job=ticket&job=…`: 204, or what there is to tell.

    That is `changed`, the numbers of the tickets whose jobs have another phase now or are gone,
    and `lines`, by such numbers the places in line of those that wait.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info != PATH:
            return self.get_response(request)
        response = _answer(request.GET.getlist("job")[:MOST])
        response["Cache-Control"] = "no-store"
        return response


def _answer(texts: list[str]) -> HttpResponse:
    tickets = [read(text) for text in texts]
    entries = board.entries({one.generation for one in tickets if one is not None})
    changed, lines = [], {}
    for number, one in enumerate(tickets):
        # A ticket that says nothing to us is exchanged for a new one, by whoever may see the job.
        entry = entries[one.generation] if one else None
        if one is None or entry != Entry(one.workspace, one.phase):
            changed.append(number)
        elif one.with_line and (line := _line(one)):
            lines[number] = line
    if not changed and not lines:
        return HttpResponse(status=204)
    response = JsonResponse({"changed": changed, "lines": lines})
    response["Content-Length"] = len(response.content)  # else it is sent in chunks
    return response


def _line(asked: Ticket) -> str:
    if asked.phase not in (State.QUEUED, telling.PAUSED):
        return ""
    wall.enter(asked.workspace)
    rows = queries.for_workspace(Workspace(pk=asked.workspace)).only(*LINE_FACTS)
    job = rows.filter(pk=asked.generation).first()
    return telling.line(places.lately_of(job)) if job else ""
