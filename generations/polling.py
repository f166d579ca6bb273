"""Asking providers about running jobs: claims what is due, asks in threads, takes in answers.

A round goes on while something is due or soon will be, and ends after a while to leave the worker
process to others; with nothing to do, as soon as another task waits for it. Any number of rounds
may run at once, on any machines. The clock rings one at a time, and one that does not keep up rings
others, which leave their process to any task that waits.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event
from time import monotonic

from django.utils import timezone

import kling.errors
from generations import (
    absence,
    askable,
    asking,
    claims,
    helping,
    lessons,
    providers,
    refresh,
    timing,
    verdicts,
)
from generations.asking import Question, Reply
from generations.backlog import USUAL, Backlog, Figures
from generations.lessons import Lesson
from generations.looks import Schedule
from generations.models import Generation, ProviderAccount, State
from generations.states import Postponed, Stale, postpone, postpone_all
from kling.client import KlingClient
from kling.errors import KlingError
from kling.tasks import Task
from worker import roster

log = logging.getLogger(__name__)

LONGEST_RUN = 20.0  # seconds in which queries begin
STAY = 1.0  # seconds to wait for what will be due; the clock would look as late
LEARN_AGAIN = 2.0
SET_ASIDE = 300.0

Asked = Future[list[tuple[Generation, Reply]]]


def run(figures: Figures = USUAL) -> int:
    """Look at everything that is due; returns the number of answers taken in."""
    return Round(figures).run()


def help_out(figures: Figures = USUAL) -> int:
    """The same beside a round that does not keep up, while no other task waits for the process."""
    return Round(figures, helps=True).run()


class Round:
    """`backlog` and `running` hold what is claimed: questions that wait, and those under way."""

    def __init__(self, figures: Figures = USUAL, *, helps: bool = False) -> None:
        self.figures = figures
        self.helps = helps
        self.taken_in = 0
        self.backlog = Backlog(figures)
        self.running: dict[Asked, Question] = {}
        self.done: SimpleQueue[Asked] = SimpleQueue()
        self.idle = Event()
        self.clients: dict[int, KlingClient | KlingError] = {}
        self.accounts: dict[int, ProviderAccount] = {}
        self.quiet: list[Postponed] = []
        self.lessons: list[Lesson] = []
        self.schedule = Schedule.load()
        self.end = monotonic() + LONGEST_RUN
        self.learn_at = self.look_up_at = 0.0
        self.call_at = monotonic() + figures.call_again

    def run(self) -> int:
        with ThreadPoolExecutor(max_workers=self.figures.threads) as pool:
            self._claim()
            while True:
                if self.running or self.backlog:
                    self._start(pool)
                    self._collect()
                elif not self._waits():
                    break
                self._claim()
        self._flush()
        self._learn()
        return self.taken_in

    def _waits(self) -> bool:
        """Wait for what will soon be due; False if nothing is, or if others need the process."""
        self._flush()
        while monotonic() < self.end and not (roster.is_closing() or roster.is_awaited()):
            first = refresh.next_due()
            if first is None or first > timing.after(STAY):
                return False
            self.idle.wait(self.figures.look_again)  # not until then: a callback may come before
            if first <= timezone.now():
                self.backlog.claim_at = 0.0
                return True
        return False

    def _claim(self) -> None:
        """Take due jobs for as long as their queries may last."""
        now = monotonic()
        if now >= self.look_up_at:
            self._look_up(now)
        if now >= self.end:
            self._give_back(self.backlog.drop_all())
            return
        if not self.backlog.wants_more(now):
            return
        self._flush()
        if now >= self.learn_at:
            self._learn()
        most = self.backlog.measure(now, self.taken_in)
        claimed = self._due(most)
        self.backlog.note_claim(now, is_more=len(claimed) >= most)
        self.backlog.add(asking.questions(claimed))

    def _look_up(self, now: float) -> None:
        """Now and then, whatever it is busy with: is it to end, and does it need help?"""
        self.look_up_at = now + self.figures.look_again
        if roster.is_closing() or (self.helps and roster.is_awaited()):
            self.end = min(self.end, now)
        elif now >= self.call_at:
            self.call_at = now + self.figures.call_again
            helping.call(self.backlog.crowds())

    def _due(self, most: int) -> list[Generation]:
        until = timing.lease(timing.QUERY_LEASE)
        resting = askable.troubled()
        pks = claims.take(
            refresh.without([*resting, *self.backlog.crowded]), most=most, until=until
        )
        for account, may_be_asked in resting.items():
            if may_be_asked and not self.backlog.busy[account]:
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
        # Only HTTP in the threads: each would otherwise open a database connection of its own.
        for question in self.backlog.take(self.figures.threads - len(self.running)):
            future = pool.submit(asking.ask, question, self.clients[question.account])
            self.running[future] = question
            # A queue, since to wait for any of many futures costs as much as asking does.
            future.add_done_callback(self.done.put)

    def _collect(self) -> None:
        """Take in what is done; waits a moment where nothing is.

        No queries are begun meanwhile: a verdict that has to share the interpreter with threads
        takes half as long again.
        """
        with suppress(Empty):
            self._answer(self.done.get(timeout=self.figures.look_again))
            while True:
                self._answer(self.done.get_nowait())

    def _answer(self, future: Asked) -> None:
        question = self.running.pop(future)
        self.backlog.is_asked(question)
        if error := future.exception():
            log.error("%s cannot be asked about", question, exc_info=error)
            _set_aside(question.generations, error)
            return
        for generation, reply in future.result():
            if reply is None:  # it was not in the list: asked about by itself
                self.backlog.add(asking.one_by_one([generation], question.path))
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
                was = generation.state
                verdicts.apply(generation, reply)
                self.lessons += lessons.of(generation, reply, was=was)
        elif isinstance(reply, kling.errors.TaskNotFound):
            askable.note_answer(account)
            absence.not_found(generation)
        else:
            askable.note_failure(account, reply)
            self._ask_again(generation, reply)
            if askable.is_resting(account):
                self._give_back(self.backlog.drop(account.pk))

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
        learnt, self.lessons = self.lessons, []
        lessons.take_in(learnt)
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
