"""What an account of credits should be, in a few lines: its lots, holds and debt."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class ModelLot:
    remaining: int
    expires: float | None
    bought: bool
    number: int
    key: str

    @property
    def turn(self) -> tuple[float, bool, int]:
        return (float("inf") if self.expires is None else self.expires, self.bought, self.number)


@dataclass
class Model:
    """What the account should be. Days are numbers, holds have amounts by their keys."""

    day: int = 0
    debt: int = 0
    frozen: bool = False
    lots: list[ModelLot] = field(default_factory=list)
    held: dict[str, int] = field(default_factory=dict)
    charged: dict[str, int] = field(default_factory=dict)

    @property
    def balance(self) -> int:
        return sum(lot.remaining for lot in self.lots)

    @property
    def available(self) -> int:
        return self.balance - sum(self.held.values())

    def add(self, amount: int, *, bought: bool, days: int | None = None, key: str = "") -> None:
        expires = None if days is None else self.day + days
        self.lots.append(ModelLot(amount, expires, bought, len(self.lots), key))
        self.repay()

    def take(self, amount: int, *, first: str = "") -> None:
        for lot in sorted(self.lots, key=lambda lot: (not first or lot.key != first, lot.turn)):
            taken = min(amount, lot.remaining)
            lot.remaining -= taken
            amount -= taken
        assert amount == 0

    def repay(self) -> None:
        paid = min(self.debt, self.available)
        self.take(paid)
        self.debt -= paid

    def expire(self) -> None:
        over = [lot for lot in self.lots if lot.expires is not None and lot.expires <= self.day]
        self.take(max(0, sum(lot.remaining for lot in over) - sum(self.held.values())))
