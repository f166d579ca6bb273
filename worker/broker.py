"""django-q2's ORM broker, with the line of its own that a heartbeat needs.

A heartbeat has to prove that *this* cluster works, though any number of clusters on any number of
machines read the same queue. So a supervised cluster reads two keys: the queue that all share, and
one that carries its own worker's id, which nobody else reads. No second cluster, no luck.
"""

from __future__ import annotations

import logging
from time import monotonic, sleep
from typing import Any

from django.db import InterfaceError, OperationalError, connections
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf

from worker import roster
from worker.packages import signed_anew

logger = logging.getLogger(__name__)

OWN_LINE_SECONDS = 1.0
DATABASE_PAUSE_SECONDS = 1.0
ACKNOWLEDGE_TRIES = 30


def own_line(worker_id: str) -> str:
    return f"{Conf.CLUSTER_NAME}@{worker_id}"


class Broker(ORM):  # type: ignore[misc]
    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key=list_key)
        self._looked = 0.0

    def __setstate__(self, state: Any) -> None:
        super().__setstate__(state)
        self._looked = 0.0

    def dequeue(self) -> list[tuple[int, str]] | None:
        """The oldest due task, as (row, package); None after a pause when nothing is due."""
        try:
            for key in self._keys():
                if task := self._take(key):
                    return [task]
        except (OperationalError, InterfaceError) as exc:
            # Left alone django-q2 lets the pusher die, and waits ten seconds to replace it.
            logger.warning("the database does not answer (%s); trying again", type(exc).__name__)
            connections[Conf.ORM].close()
            sleep(DATABASE_PAUSE_SECONDS)
            return None
        sleep(Conf.POLL)
        return None

    def acknowledge(self, task_id: int) -> None:
        """Remove an answered task, waiting for a database that is being restarted.

        A row that stays is a task that runs again.
        """
        for left in reversed(range(ACKNOWLEDGE_TRIES)):
            try:
                self.delete(task_id)
            except (OperationalError, InterfaceError):
                connections[Conf.ORM].close()
                if not left:
                    raise
                sleep(DATABASE_PAUSE_SECONDS)
            else:
                return

    def delete(self, task_id: int) -> None:
        super().delete(task_id)
        if roster.card:
            roster.card.give_back(task_id)

    def _keys(self) -> list[str]:
        if not roster.card or monotonic() - self._looked < OWN_LINE_SECONDS:
            return [self.list_key]
        # First, and so before a backlog of any length.
        self._looked = monotonic()
        return [own_line(roster.card.worker_id), self.list_key]

    def _take(self, key: str) -> tuple[int, str] | None:
        now = timezone.now()
        rows = self.get_connection()
        due = rows.filter(key=key, lock__lt=now).order_by("lock")
        while row := due.values_list("pk", "payload", "lock").first():
            pk, payload, lock = row
            if rows.filter(pk=pk, lock=lock).update(lock=self.timeout(None)):
                # A heartbeat is nothing that anybody waits for, or that has to be handed back.
                if roster.card and key == self.list_key:
                    roster.card.take(pk)
                return pk, signed_anew(payload)
            # Another cluster was faster: this row is locked now, the next may be free.
        return None
