"""Asking providers about running jobs: claims what is due, asks in threads, takes in answers.

A round goes on while something is due, and ends after a while to leave the worker process to
others. Any number of them may run at once, on any machines. A provider that hangs holds its share
of the threads for as long as a query may last, and nobody else's.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic

from django.utils import timezone

import kling.errors
from generations import absence, askable, asking, claims, providers, refresh, timing, verdicts
from generations.asking import Question, Reply
from generations.looks import Schedule
from generations.models import Generation, ProviderAccount, State
from generations.states import Postponed, Stale, postpone, postpone_all
from kling.client import KlingClient
from kling.errors import KlingError
from kling.tasks import Task

log = logging.getLogger(__name__)

BATCH, THREADS, MOST_OF_ONE = 200, 32, 24
LONGEST_RUN = 20.0  # seconds in which queries begin
LOOK_AGAIN = 0.25  # seconds between two looks for what has become due
LEARN_AGAIN = 2.0
SET_ASIDE = 300.0

Asked = Future[list[tuple[Generation, Reply]]]


def run() -> int:
    """Look at everything that is due; returns the number of answers taken in."""
    return Round().run()


class Round:
    """`waiting` and `running` hold what is claimed: questions by account, and those under way."""

    def __init__(self) -> None:
        self.taken_in = 0
        self.waiting: dict[int, deque[Question]] = defaultdict(deque)
        self.running: dict[Asked, Question] = {}
        self.done: SimpleQueue[Asked] = SimpleQueue()
        self.busy: Counter[int] = Counter()
        self.clients: dict[int, KlingClient | KlingError] = {}
        self.accounts: dict[int, ProviderAccount] = {}
        self.quiet: list[Postponed] = []
        self.schedule = Schedule.load()
        self.end = monotonic() + LONGEST_RUN
        self.claim_at = self.learn_at = 0.0

    def run(self) -> int:
        with ThreadPoolExecutor(max_workers=THREADS) as pool:
            self._claim()
            while self.running or any(self.waiting.values()):
                self._start(pool)
                self._collect()
                self._claim()
        self._flush()
        self._learn()
        return self.taken_in

    def _claim(self) -> None:
        """Take due jobs for as long as their queries may last."""
        now = monotonic()
        if now >= self.end:
            for account in list(self.waiting):
                self._give_back(self.waiting.pop(account))
            return
        waiting = sum(map(len, self.waiting.values()))
        is_idle = not self.running and not waiting
        if not is_idle and (now < self.claim_at or waiting >= BATCH):
            return
        self._flush()
        if now >= self.learn_at:
            self._learn()
        claimed = self._due()
        # There is more where a whole batch came from.
        self.claim_at = now if len(claimed) >= BATCH else now + LOOK_AGAIN
        for question in asking.questions(claimed):
            self.waiting[question.account].append(question)

    def _due(self) -> list[Generation]:
        until = timing.lease(timing.QUERY_LEASE)
        resting = askable.troubled()
        crowded = [pk for pk, queue in self.waiting.items() if len(queue) >= THREADS]
        pks = claims.take(refresh.without([*resting, *crowded]), most=BATCH, until=until)
        for account, may_be_asked in resting.items():
            if may_be_asked and not self.busy[account]:
                alone = refresh.without([]).filter(account=account)
                pks += claims.take(alone, most=1, until=until)
        # Without what may be large, and without what only a verdict needs.
        rows = Generation.objects.filter(pk__in=pks).defer("input", "metadata", "outputs")
        found = list(rows.order_by("pk"))
        self._meet({generation.account_id for generation in found})
        for generation in found:
            generation.account = self.accounts[generation.account_id]
        return found

    def _meet(self, accounts: set[int]) -> None:
        """One object for each account as it is now, and a client for it."""
        for account in ProviderAccount.objects.filter(pk__in=accounts):
            self.accounts[account.pk] = account
            try:
                self.clients[account.pk] = providers.client_for(account)
            except KlingError as exc:
                self.clients[account.pk] = exc

    def _give_back(self, questions: Iterable[Question]) -> None:
        """To be asked by whoever comes next."""
        now = timezone.now()
        jobs = [job for question in questions for job in question.generations]
        postpone_all([Postponed(job, now) for job in jobs], looked=False)

    def _start(self, pool: ThreadPoolExecutor) -> None:
        """In turn over the accounts, as far as there are threads."""
        open_to = [pk for pk, queue in self.waiting.items() if queue]
        while open_to and len(self.running) < THREADS:
            for account in list(open_to):
                queue = self.waiting[account]
                if not queue or self.busy[account] >= MOST_OF_ONE:
                    open_to.remove(account)
                elif len(self.running) < THREADS:
                    self._ask(pool, queue.popleft())

    def _ask(self, pool: ThreadPoolExecutor, question: Question) -> None:
        # Only HTTP in the threads: each would otherwise open a database connection of its own.
        future = pool.submit(asking.ask, question, self.clients[question.account])
        self.running[future] = question
        self.busy[question.account] += 1
        # A queue, since to wait for any of many futures costs as much as asking does.
        future.add_done_callback(self.done.put)

    def _collect(self) -> None:
        """Take in what is done; waits a moment where nothing is."""
        with suppress(Empty):
            self._answer(self.done.get(timeout=LOOK_AGAIN))
            while True:
                self._answer(self.done.get_nowait())

    def _answer(self, future: Asked) -> None:
        question = self.running.pop(future)
        self.busy[question.account] -= 1
        if error := future.exception():
            log.error("%s cannot be asked about", question, exc_info=error)
            _set_aside(question.generations, error)
            return
        for generation, reply in future.result():
            if reply is None:  # it was not in the list: asked about by itself
                self.waiting[question.account] += asking.one_by_one([generation], question.path)
            else:
                self.taken_in += 1
                self._take_in(generation, reply)

    def _take_in(self, generation: Generation, reply: Task | KlingError) -> None:
        try:
            self._apply(generation, reply)
        except Stale:
            log.info("%s was moved by another worker", generation.public_id)
        except Exception as exc:
            log.exception("%s cannot be asked about", generation.public_id)
            _set_aside([generation], exc)

    def _apply(self, generation: Generation, reply: Task | KlingError) -> None:
        account = generation.account
        if isinstance(reply, Task):
            askable.note_answer(account)
            if verdicts.is_nothing_new(generation, reply):
                self.quiet.append(Postponed(generation, self.schedule.next(generation)))
            else:
                verdicts.apply(generation, reply)
        elif isinstance(reply, kling.errors.TaskNotFound):
            askable.note_answer(account)
            absence.not_found(generation)
        else:
            askable.note_failure(account, reply)
            self._ask_again(generation, reply)
            if askable.is_resting(account):
                self._give_back(self.waiting.pop(account.pk, ()))

    def _ask_again(self, generation: Generation, error: KlingError) -> None:
        """No answer is no verdict. How slowly to go on is the account's matter."""
        if generation.account.asking_failures < askable.TROUBLED and not generation.attention:
            self.quiet.append(Postponed(generation, self.schedule.next(generation)))
            return
        postpone(
            generation,
            due_at=self.schedule.next(generation),
            checks=generation.checks + 1,
            attention=f"The provider cannot be asked: {error}"[:300],
        )

    def _flush(self) -> None:
        postpone_all(self.quiet)
        self.quiet = []

    def _learn(self) -> None:
        """Take in what has been learnt since; where callbacks have stopped coming, look now."""
        relied_on = self.schedule.reliable
        self.schedule = Schedule.load()
        self.learn_at = monotonic() + LEARN_AGAIN
        if fallen := relied_on - self.schedule.reliable:
            now = timezone.now()
            left_to_callbacks = Generation.objects.filter(
                account__in=fallen, state=State.PROCESSING, due_at__gt=now
            )
            claims.take(left_to_callbacks, most=100_000, until=now)


def _set_aside(jobs: Iterable[Generation], error: BaseException) -> None:
    """A fault of ours with one job: the others go on, and the operator is told."""
    for generation in jobs:
        notice = f"The answer cannot be taken in: {type(error).__name__}, see the log."
        postpone(generation, due_at=timing.after(SET_ASIDE), attention=notice)
