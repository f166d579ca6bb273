"""Weighted deficit round robin: whose turn it is at one place. Knows no database.

Workspaces stand in a ring. The first one gets its plan's share added to what it has saved up,
sends jobs as long as that pays for them (a job costs its slots), and goes to the end. So a bulk
upload, or jobs of nine pictures, take no more of a place than anybody else's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

# The next waiting job of a workspace, by its slots; None when there is none (any more).
Cost = Callable[[int], int | None]


@dataclass
class Turn:
    workspace: int
    saved: int = 0


class Ring:
    """`stored`: pairs of workspace and savings, in their turn, as `state` gave them last."""

    def __init__(self, stored: Iterable[tuple[int, int]], waiting: Iterable[int]) -> None:
        present = set(waiting)
        turns = [Turn(workspace, saved) for workspace, saved in stored if workspace in present]
        known = {turn.workspace for turn in turns}
        # Whoever is new comes last, and whoever has nothing waiting keeps nothing saved.
        turns += [Turn(workspace) for workspace in sorted(present - known)]
        self._turns = deque(turns)
        self._left_out: list[Turn] = []

    def state(self) -> list[tuple[int, int]]:
        return [(turn.workspace, turn.saved) for turn in (*self._turns, *self._left_out)]

    def next(self, cost: Cost, share: Callable[[int], int]) -> int | None:
        """The workspace that sends its next job now; None when nobody has any."""
        while self._turns:
            turn = self._turns[0]
            slots = cost(turn.workspace)
            if slots is None:
                self._turns.popleft()
            elif turn.saved >= slots:
                return turn.workspace
            else:
                turn.saved += share(turn.workspace)
                if turn.saved < slots:
                    self._turns.rotate(-1)
        return None

    def pay(self, slots: int, then: int | None) -> None:
        """The first one's job was sent; `then`: the slots of its next one."""
        turn = self._turns[0]
        turn.saved -= slots
        if then is None:
            self._turns.popleft()
        elif turn.saved < then:
            self._turns.rotate(-1)

    def leave_out(self) -> None:
        """The first one may not send now, whatever is free: it keeps what it has saved up."""
        self._left_out.append(self._turns.popleft())
