"""From the provider's links to our storage: whole, checked, and only then SUCCEEDED.

Trouble of ours or of the network lasts as long as it lasts: the job stays STORING and the
operator is told. An answer that the result is gone, or is not what it should be, sends us to the
provider for fresh links; after MOST_REFUSALS of them the result counts as lost and is refunded.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from time import monotonic
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from generations import asking, assets, timing, verdicts
from generations.assets import StoredFile
from generations.events import announce
from generations.media import downloading, posters, storage
from generations.media.errors import BrokenMedia, StorageDown
from generations.media.probing import probe
from generations.models import Asset, Generation, State
from generations.states import Stale, claim, move, record
from kling.errors import KlingError, TaskNotFound
from webhooks import http
from worker.doorbell import ring

log = logging.getLogger(__name__)

# Seconds from the start of a run, within settings.TASK_TIMEOUT: a run that is cut off leaves no
# word of why.
DOWNLOADS_END, UPLOADS_END = 240.0, 280.0
MOST_REFUSALS = 8  # over about ten minutes
ATTENTION_AFTER = 5
NOTICE = "Not stored yet: "
ERASE_AGAIN = 300.0
LOST = "The result could not be fetched from the provider. Your credits were returned."


class NotNow(Exception):
    """Something is out of order that may pass by itself."""


class Refused(Exception):
    """A definite answer: what the provider's links lead to cannot be stored."""


def due() -> QuerySet[Generation]:
    return Generation.objects.filter(state=State.STORING, due_at__lte=timezone.now())


def run(pk: int) -> None:
    """Store the results of a job that is due; called twice at once, one call does nothing."""
    found = due().select_related("account", "hold", "workspace").filter(pk=pk).first()
    if found is None or not claim(found, seconds=timing.STORE_LEASE):
        return
    _count(found)
    try:
        _finish(found, _Run(found).files())
    except Stale:
        log.info("%s was moved by another worker", found.public_id)
    except Refused as exc:
        _refused(found, str(exc))
    except (NotNow, StorageDown) as exc:
        _later(found, str(exc), wait=timing.backoff(found.checks, first=2.0, longest=300.0))
    except Exception as exc:
        _later(found, f"{type(exc).__name__}, see the log", wait=300.0)
        raise


def erase(pk: int) -> None:
    """Remove the files of a generation that was deleted or has expired, until it works."""
    found = Generation.objects.select_related("workspace").filter(pk=pk).first()
    if found is None or (found.deleted_at is None and found.expired_at is None):
        return
    try:
        storage.remove_folder(folder_of(found))
    except StorageDown as exc:
        log.warning("%s cannot be erased yet: %s", found.public_id, exc)
        ring("generations.tasks.erase", pk, delay=ERASE_AGAIN)


def folder_of(generation: Generation) -> str:
    return f"{generation.workspace.public_id}/{generation.public_id}"


class _Run:
    """One attempt. Files that it has stored are not fetched again with the fresh links."""

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        self.began = monotonic()
        self.stored: dict[int, StoredFile | None] = {}

    def files(self) -> list[StoredFile | None]:
        try:
            return self._store_all()
        except Refused as exc:
            self._renew(exc)
        return self._store_all()

    def _store_all(self) -> list[StoredFile | None]:
        outputs = self.generation.outputs
        if not outputs:
            raise Refused("The provider gave no result.")
        for index, output in enumerate(outputs):
            if index not in self.stored:
                store = self._sample if assets.is_extra(output) else self._store
                self.stored[index] = store(index, output)
        return [self.stored[index] for index in range(len(outputs))]

    def _sample(self, index: int, output: dict[str, Any]) -> StoredFile | None:
        """A voice or a face can be used without its sample, a film without its marked copy."""
        if not output["url"]:
            return None
        try:
            return self._store(index, output)
        except Refused as exc:
            log.warning(
                "%s: no sample or copy of %s: %s", self.generation.public_id, output["kind"], exc
            )
            return None

    def _store(self, index: int, output: dict[str, Any]) -> StoredFile:
        with _answers(), self._download(output) as received:
            found = probe(received.path, received.media_type)
            poster = posters.draw(received.path, received.media_type)
            base = f"{folder_of(self.generation)}/{index}"
            key, poster_key = f"{base}.{received.media_type.extension}", ""
            storage.put(key, received.file, seconds=self._left(UPLOADS_END))
            if poster:
                poster_key = f"{base}.poster.jpg"
                storage.put_bytes(poster_key, poster, seconds=self._left(UPLOADS_END))
            return StoredFile(key, poster_key, received, found)

    def _download(self, output: dict[str, Any]) -> AbstractContextManager[downloading.Received]:
        account = self.generation.account
        return downloading.download(
            output["url"],
            kind=assets.SAMPLES.get(output["kind"], output["kind"]),
            seconds=self._left(DOWNLOADS_END),
            # The simulator is on loopback; a real provider's links must never lead there.
            trusted_origin=account.base_url if account.simulated else "",
        )

    def _left(self, end: float) -> float:
        left = self.began + end - monotonic()
        if left <= 0:
            raise NotNow("There was no time for all files in one go.")
        return left

    def _renew(self, reason: Refused) -> None:
        """Ask the provider for the result again: its links expire, and are signed anew."""
        answer = asking.look(self.generation)
        if isinstance(answer, TaskNotFound):
            raise reason
        if isinstance(answer, KlingError):
            raise NotNow(f"{reason} The provider cannot be asked: {answer}")
        if not answer.is_final:
            raise NotNow(f"{reason} The provider says “{answer.raw_status}”.")
        if not answer.outputs:
            raise reason
        outputs = assets.wanted(answer)
        if assets.names(outputs) != assets.names(self.generation.outputs):
            self.stored.clear()
        still = Generation.objects.filter(pk=self.generation.pk, state=State.STORING)
        if not still.update(outputs=outputs):
            raise Stale(self.generation.public_id)
        self.generation.outputs = outputs


@contextmanager
def _answers() -> Iterator[None]:
    """Sort what a download may raise into what may pass and what is an answer."""
    try:
        yield
    except BrokenMedia as exc:
        raise Refused(str(exc)) from exc
    except http.FetchError as exc:
        # A file that is cut short every time is as good as none, so cuts are counted too.
        if exc.retryable and not isinstance(exc, http.Truncated):
            raise NotNow(str(exc)) from exc
        raise Refused(str(exc)) from exc


@transaction.atomic(durable=True)
def _finish(generation: Generation, files: list[StoredFile | None]) -> None:
    move(
        generation,
        State.SUCCEEDED,
        reason="stored",
        attention=_without_notice(generation.attention),
    )
    Asset.objects.bulk_create(assets.rows(generation, files))
    announce(generation)


def _count(generation: Generation) -> None:
    """Before the work: a file that kills its worker must be counted too."""
    generation.checks += 1
    generation.save(update_fields=["checks"])


def _refused(generation: Generation, reason: str) -> None:
    with transaction.atomic(durable=True):
        record(generation, was=State.STORING, reason=f"not stored: {reason}")
        # Only refusals leave such rows, so network trouble in between does not count.
        refusals = generation.transitions.filter(was=State.STORING, now=State.STORING).count()
    if refusals < MOST_REFUSALS:
        wait = timing.backoff(refusals - 1, first=5.0, longest=600.0)
        _later(generation, reason, wait=wait)
        return
    log.error("%s: the result is lost: %s", generation.public_id, reason)
    try:
        verdicts.lose(generation, message=LOST)
        storage.remove_folder(folder_of(generation))
    except Stale:
        log.info("%s was moved by another worker", generation.public_id)
    except StorageDown as exc:
        log.warning("files of %s are left over: %s", generation.public_id, exc)


def _later(generation: Generation, reason: str, *, wait: float) -> None:
    log.warning("%s is not stored yet: %s", generation.public_id, reason)
    attention = _without_notice(generation.attention)
    if generation.checks >= ATTENTION_AFTER:
        attention = f"{attention} {NOTICE}{reason}".strip()[:300]
    Generation.objects.filter(pk=generation.pk, state=State.STORING).update(
        due_at=timing.after(wait), attention=attention
    )


def _without_notice(attention: str) -> str:
    """What else the operator was told about the job, for example of its deduction."""
    return attention.partition(NOTICE)[0].strip()
