"""What a round of polling has claimed and not asked yet, and how much it should claim next.

Accounts take turns. A provider that hangs holds its share of the threads for as long as a query may
last, and nobody else's.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import monotonic

from generations.asking import Question


@dataclass(frozen=True)
class Figures:
    """Of a round. `threads` ask, `most_of_one` of them the same account; times are in seconds."""

    batch: int = 200  # questions that may wait for a thread
    threads: int = 32
    most_of_one: int = 24
    ahead: float = 0.5  # of work that is claimed: what waits here, no other round can take
    look_again: float = 0.15  # between two looks for what has become due
    call_again: float = 0.5  # between two looks whether help is needed


USUAL = Figures()


class Backlog:
    """`waiting` holds questions by account; `busy` counts those of each that are under way."""

    def __init__(self, figures: Figures) -> None:
        self.figures = figures
        self.waiting: dict[int, deque[Question]] = defaultdict(deque)
        self.busy: Counter[int] = Counter()
        self.room = figures.batch
        # Of the last claim: when it was and how many answers had been taken in, whether there was
        # more, the accounts that had enough already, and when to claim again.
        self.claimed_at, self.before, self.is_more = monotonic(), 0, False
        self.crowded: set[int] = set()
        self.claim_at = 0.0

    def __bool__(self) -> bool:
        return any(self.waiting.values())

    def add(self, questions: Iterable[Question]) -> None:
        for question in questions:
            self.waiting[question.account].append(question)

    def take(self, most: int) -> Iterator[Question]:
        """Up to `most` questions to ask now, in turn over the accounts; they count as under way."""
        open_to = [pk for pk, queue in self.waiting.items() if queue]
        while open_to and most > 0:
            for account in list(open_to):
                queue = self.waiting[account]
                if not queue or self.busy[account] >= self.figures.most_of_one:
                    open_to.remove(account)
                elif most > 0:
                    most -= 1
                    self.busy[account] += 1
                    yield queue.popleft()

    def is_asked(self, question: Question) -> None:
        self.busy[question.account] -= 1

    def drop(self, account: int) -> Iterable[Question]:
        return self.waiting.pop(account, ())

    def drop_all(self) -> list[Question]:
        dropped = [question for queue in self.waiting.values() for question in queue]
        self.waiting.clear()
        return dropped

    def crowds(self) -> set[int]:
        """Accounts of which enough waits already."""
        return {pk for pk, queue in self.waiting.items() if len(queue) >= self.figures.threads}

    def wants_more(self, now: float) -> bool:
        """Now and then, and at once where threads would be idle though more is due."""
        waiting = self._in_hand()
        if waiting >= self.room:
            return False
        has_room = any(
            len(self.waiting[account]) < self.figures.threads for account in self.crowded
        )
        few = min(self.figures.threads, self.room // 2)
        return now >= self.claim_at or has_room or (self.is_more and waiting < few)

    def measure(self, now: float, taken_in: int) -> int:
        """How many to claim, by how quickly answers were taken in since the last claim.

        A verdict costs several times what an answer does that has nothing new.
        """
        rate = (taken_in - self.before) / max(now - self.claimed_at, 0.01)
        self.claimed_at, self.before = now, taken_in
        self.crowded = self.crowds()
        if taken_in:
            least = max(self.figures.most_of_one, self.room // 2)
            self.room = min(self.figures.batch, max(least, round(rate * self.figures.ahead)))
        return max(1, self.room - self._in_hand())

    def note_claim(self, now: float, *, is_more: bool) -> None:
        self.claim_at, self.is_more = now + self.figures.look_again, is_more

    def _in_hand(self) -> int:
        """Questions that wait for a thread.

        Those of accounts that have all of theirs count for half of the room at most: a provider
        that hangs, with a crowd of its jobs, is no reason to leave others waiting.
        """
        held_up = {pk for pk in self.waiting if self.busy[pk] >= self.figures.most_of_one}
        free = sum(len(queue) for pk, queue in self.waiting.items() if pk not in held_up)
        return free + min(self.room // 2, sum(len(self.waiting[pk]) for pk in held_up))
