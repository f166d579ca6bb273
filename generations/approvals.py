"""Jobs above the workspace's threshold wait until somebody who may has approved them.

Such a job is created and its credits are held as ever, but it stays QUEUED with `approval`
"waiting": the dispatcher leaves it alone, and a constraint of the database keeps it from being
sent. Nobody's answer within settings.APPROVAL_LIFETIME is a no.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

import billing.credits
from accounts import mails
from accounts.access import Actor
from accounts.models import Scope, Workspace
from generations.errors import AlreadyDecided
from generations.events import announce
from generations.models import ApprovalRequest, Generation
from generations.states import Approval, Stale, State, move, record

log = logging.getLogger(__name__)

AT_A_TIME = 50  # requests
MAIL_AGAIN = timedelta(minutes=2)
# An answer that could not be mailed for a day stands on the job's page anyway.
MAIL_FOR = timedelta(days=1)
NOTE_LENGTH = 300
NOBODY = "Nobody approved it in time. Nothing was charged."


def is_needed(by: Actor, *, credits: int) -> bool:
    """Whether a job of `credits` micro-credits has to wait for somebody else's yes."""
    above = by.workspace.approval_above
    return above is not None and credits > above and not by.may_approve


def ask(generation: Generation, *, until: datetime) -> None:
    """Inside the transaction that creates the job; the clock has the approvers mailed."""
    ApprovalRequest.objects.create(generation=generation, expires_at=until, due_at=timezone.now())


def waiting(workspace: Workspace) -> QuerySet[Generation]:
    """Jobs of the workspace that wait for an approval."""
    return Generation.objects.filter(
        workspace=workspace, state=State.QUEUED, approval=Approval.WAITING
    )


def approve(generation: Generation, *, by: Actor) -> None:
    """Let the job go on. Needs the scope approve. Raises AlreadyDecided."""
    by.require(Scope.APPROVE)
    now = timezone.now()
    with transaction.atomic(durable=True):
        # On the row as it is: of a yes and a no at once, the first one counts.
        row = Generation.objects.filter(
            pk=generation.pk, state=State.QUEUED, approval=Approval.WAITING
        )
        if row.update(approval=Approval.APPROVED, due_at=now) != 1:
            raise _decided(generation)
        _close(generation, by=by)
        record(generation, was=State.QUEUED, reason=f"approved by {by.name}", at=now)
    generation.approval, generation.due_at = Approval.APPROVED, now


def reject(generation: Generation, *, by: Actor, note: str = "") -> None:
    """Cancel the job and release its credits. Needs the scope approve. Raises AlreadyDecided."""
    by.require(Scope.APPROVE)
    note = " ".join(note.split())[:NOTE_LENGTH]
    message = f"Not approved by {by.name}" + (f": {note}" if note else ".")
    _refuse(generation, Approval.REJECTED, message=message, by=by, note=note)


def due() -> QuerySet[ApprovalRequest]:
    return ApprovalRequest.objects.filter(due_at__lte=timezone.now())


def run() -> int:
    """Mail and give up what is due; returns how many requests were looked at."""
    related = ("generation__workspace", "generation__account", "generation__hold")
    rows = due().select_related(*related, "generation__created_by").order_by("due_at")
    return sum(_look_at(request) for request in rows[:AT_A_TIME])


def _look_at(request: ApprovalRequest) -> bool:
    now = timezone.now()
    # Claimed before the mail: a worker that dies leaves the row due again, mailed twice at worst.
    claimed = ApprovalRequest.objects.filter(pk=request.pk, due_at=request.due_at)
    if not claimed.update(due_at=now + MAIL_AGAIN):
        return False
    try:
        if request.decided_at is not None:
            _tell_creator(request)
        elif not request.generation.is_waiting_for_approval:
            _set_clock(request, None)  # withdrawn by its creator
        elif request.expires_at <= now:
            _expire(request.generation)
        else:
            _tell_approvers(request)
    except mails.NOT_SENT as exc:
        log.warning("%s: no mail could be sent: %s", request, exc)
    except Exception:
        # One that cannot be read must not keep the others waiting.
        log.exception("%s cannot be looked at", request)
    return True


def _expire(generation: Generation) -> None:
    try:
        _refuse(generation, Approval.EXPIRED, message=NOBODY)
    except AlreadyDecided:
        log.info("%s was decided in the last moment", generation)


def _refuse(
    generation: Generation,
    answer: Approval,
    *,
    message: str,
    by: Actor | None = None,
    note: str = "",
) -> None:
    if not generation.is_waiting_for_approval:
        raise _decided(generation)
    try:
        with transaction.atomic(durable=True):
            move(
                generation,
                State.CANCELED,
                reason=message,
                approval=answer,
                error_code=f"approval_{answer}",
                error_message=message[:500],
            )
            _close(generation, by=by, note=note)
            billing.credits.release(hold=generation.hold, reason="not approved")
            announce(generation)
    except Stale:
        raise _decided(generation) from None


def _close(generation: Generation, *, by: Actor | None, note: str = "") -> None:
    """Write the answer down, once. Raises AlreadyDecided."""
    now = timezone.now()
    open_request = ApprovalRequest.objects.filter(generation=generation, decided_at=None)
    closed = open_request.update(
        decided_at=now,
        decided_by=by.user if by else None,
        decided_key=by.api_key if by else None,
        decider=by.name if by else "",
        note=note,
        due_at=now,
    )
    if closed != 1:
        raise _decided(generation)
    # Announced next: as it is now, also where it was read together with the job.
    generation.approval_request = ApprovalRequest.objects.get(generation=generation)


def _decided(generation: Generation) -> AlreadyDecided:
    generation.refresh_from_db()
    if generation.approval == Approval.WAITING:
        return AlreadyDecided("This job was cancelled meanwhile.")
    if not generation.approval:
        return AlreadyDecided("This job needs no approval.")
    return AlreadyDecided(f"This job was {Approval(generation.approval).label.lower()} already.")


def _tell_approvers(request: ApprovalRequest) -> None:
    generation = request.generation
    _send("asked", request, to=mails.managers_of(generation.workspace))
    _set_clock(request, request.expires_at)


def _tell_creator(request: ApprovalRequest) -> None:
    """Programs learn it by the webhook, and by asking; a person who decided alone, knows."""
    creator = request.generation.created_by
    is_old = request.decided_at is not None and request.decided_at < timezone.now() - MAIL_FOR
    if creator is not None and creator.pk != request.decided_by_id and not is_old:
        _send("answered", request, to=[creator.email])
    _set_clock(request, None)


def _set_clock(request: ApprovalRequest, due_at: datetime | None) -> None:
    """Not if somebody has decided since: then the answer is due."""
    unchanged = ApprovalRequest.objects.filter(pk=request.pk, decided_at=request.decided_at)
    unchanged.update(due_at=due_at)


def _send(name: str, request: ApprovalRequest, *, to: list[str]) -> None:
    generation = request.generation
    link = settings.SITE_URL + reverse("generation", args=[generation.public_id])
    asker = generation.created_by or generation.api_key or "Somebody"
    mails.send(
        f"generations/email/approval_{name}",
        to=to,
        request=request,
        generation=generation,
        asker=asker,
        link=link,
    )
