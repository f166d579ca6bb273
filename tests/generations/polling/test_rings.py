"""Deficit round robin by itself: shares, large jobs, and places that open one at a time."""

from __future__ import annotations

from collections import Counter

from generations.rings import Ring

Queues = dict[int, list[int]]  # slots of the waiting jobs, by workspace


class Line:
    """Serves from queues, keeping the ring between rounds as a dispatcher does."""

    def __init__(self, queues: Queues, shares: dict[int, int] | None = None) -> None:
        self.queues = queues
        self.shares = shares or {}
        self.stored: list[tuple[int, int]] = []
        self.served: list[int] = []

    def serve(self, jobs: int) -> Counter[int]:
        """One round of `jobs`; how many slots each has had in it."""
        ring = Ring(self.stored, [one for one, queue in self.queues.items() if queue])
        taken: Counter[int] = Counter()
        for _ in range(jobs):
            workspace = ring.next(self.cost, lambda one: self.shares.get(one, 1))
            if workspace is None:
                break
            slots = self.queues[workspace].pop(0)
            ring.pay(slots, then=self.cost(workspace))
            taken[workspace] += slots
            self.served.append(workspace)
        self.stored = ring.state()
        return taken

    def cost(self, workspace: int) -> int | None:
        queue = self.queues[workspace]
        return queue[0] if queue else None


def test_a_bulk_upload_takes_turns_with_one_job() -> None:
    line = Line({1: [1] * 100, 2: [1]})
    line.serve(3)
    assert 2 in line.served


def test_places_that_open_one_at_a_time_are_shared() -> None:
    line = Line({1: [1] * 100, 2: [1] * 100, 3: [1] * 100})
    for _ in range(30):
        line.serve(1)
    assert Counter(line.served) == {1: 10, 2: 10, 3: 10}


def test_a_larger_share_is_served_as_often_as_it_says() -> None:
    line = Line({1: [1] * 100, 2: [1] * 100}, shares={1: 3})
    for _ in range(40):
        line.serve(1)
    assert Counter(line.served) == {1: 30, 2: 10}


def test_large_jobs_take_no_more_than_small_ones() -> None:
    line = Line({1: [9] * 100, 2: [1] * 900})
    taken = line.serve(200)
    assert abs(taken[1] - taken[2]) <= 9


def test_who_comes_later_is_served_in_the_same_round() -> None:
    line = Line({1: [1] * 100, 2: [1] * 100})
    line.serve(4)
    line.queues[3] = [1]
    line.serve(3)
    assert line.served[4:].count(3) == 1


def test_nobody_saves_up_while_nothing_of_theirs_waits() -> None:
    line = Line({1: [1] * 100, 2: [9]})
    line.serve(50)
    assert line.queues[2] == []
    line.queues[2] = [1] * 50
    taken = line.serve(20)
    assert abs(taken[1] - taken[2]) <= 1


def test_all_is_served_in_the_end() -> None:
    line = Line({1: [5, 1, 9], 2: [2], 3: []})
    line.serve(100)
    assert line.queues == {1: [], 2: [], 3: []}
    assert line.stored == []
