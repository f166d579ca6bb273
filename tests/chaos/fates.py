"""What is to befall a job: the faults that its words call for, and how it has to end all the same.

A job names its fate in its prompt, and the simulator strikes where it reads the name. What happens
to queries and files, which have no prompt, strikes whoever comes (`strays`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

Fault = dict[str, Any]


@dataclass(frozen=True)
class Fate:
    """`share` of all jobs have it, and at least so many."""

    name: str
    faults: tuple[Fault, ...]
    share: float = 0.01
    ends: str = "succeeded"
    least: int = 1

    @property
    def word(self) -> str:
        """As it stands in the prompt: with its end, or `1303` would also be found in `13030`."""
        return f"fate={self.name};"

    @property
    def is_refused(self) -> bool:
        """Whether it is sent again. Then each job needs a fault of its own: one job would take
        those of all, and after three times nothing is sent again without the operator.
        """
        return any(one["stage"] == "submit" and not one["accepted"] for one in self.faults)

    def words(self, number: int) -> str:
        """Those of a job. Where they can be the same, the simulator draws them only once."""
        return f"{self.word} {_own(number)}" if self.is_refused else self.word


def _own(number: int) -> str:
    return f"job={number};"


def _submit(kind: str, value: int | None = None, *, accepted: bool = False) -> tuple[Fault, ...]:
    return ({"stage": "submit", "kind": kind, "value": value, "accepted": accepted},)


def _task(kind: str, value: str | float | None = None) -> tuple[Fault, ...]:
    return ({"stage": "task", "kind": kind, "value": value},)


def _callback(kind: str, value: float | None = None) -> tuple[Fault, ...]:
    return ({"stage": "callback", "kind": kind, "value": value},)


PLAIN = Fate("plain", ())
LATE_SUCCESS = Fate(
    "late success",
    # Accepted unheard, and not to be found while the operator decides, who may come too late. Any
    # longer, and it would rightly be sent again.
    (*_submit("drop", accepted=True), *_task("hidden", 170)),
    least=4,
)
FATES = (
    Fate("accepted then dropped", _submit("drop", accepted=True)),
    Fate("dropped before", _submit("drop")),
    Fate("500 after acceptance", _submit("http_500", accepted=True)),
    Fate("html after acceptance", _submit("html_502", accepted=True)),
    Fate("broken json", _submit("broken_json", accepted=True)),
    Fate("1302", _submit("code", 1302)),
    Fate("1303", _submit("code", 1303), share=0.003),
    Fate("5001", _submit("code", 5001)),
    # Each closes the account until the provider says that it is well, for ever longer in a row.
    Fate("1102", _submit("code", 1102), share=0.0003),
    # Of words that are not allowed: sent again because the answer was lost, they are refused again.
    Fate("1301", ({**_submit("code", 1301)[0], "times": None},), ends="failed"),
    Fate("vanishing", _task("hidden", 20)),
    Fate("unheard and vanishing", (*_submit("drop", accepted=True), *_task("hidden", 20))),
    Fate("slow", _task("slow", 60)),
    LATE_SUCCESS,
    Fate("fails", _task("fail"), ends="failed"),
    Fate("unknown word", _task("status_word")),
    Fate("success without url", _task("no_url"), share=0.003, ends="failed"),
    Fate("expired links", _task("expired_links"), share=0.003, ends="failed"),
    Fate("deduction above", _task("deduction", "7.5")),
    Fate("deduction below", _task("deduction", "0.1")),
    Fate("deduction absent", _task("deduction")),
    Fate("deduction no number", _task("deduction", "many")),
    Fate("callbacks lost", _callback("lost")),
    Fate("callbacks doubled", _callback("doubled")),
    Fate("callbacks reordered", _callback("reordered")),
    Fate("callbacks early", _callback("early")),
    Fate("callbacks late", _callback("late", 5)),
    Fate("callbacks forged", _callback("forged")),
)
BY_NAME = {fate.name: fate for fate in (PLAIN, *FATES)}
# Of all jobs, so many strays each.
STRAYS: dict[str, tuple[Fault, float]] = {
    "asset 403": ({"stage": "download", "kind": "status", "value": 403}, 0.01),
    "asset cut": ({"stage": "download", "kind": "cut"}, 0.01),
    "asset of a wrong type": ({"stage": "download", "kind": "html"}, 0.01),
    "asset of a lying length": ({"stage": "download", "kind": "lying_length"}, 0.01),
    "asset dropped": ({"stage": "download", "kind": "drop"}, 0.01),
    "query html": ({"stage": "query", "kind": "html_502"}, 0.005),
    "query broken json": ({"stage": "query", "kind": "broken_json"}, 0.005),
    "query 500": ({"stage": "query", "kind": "http_500"}, 0.005),
    "query dropped": ({"stage": "query", "kind": "drop"}, 0.005),
    "query 1302": ({"stage": "query", "kind": "code", "value": 1302}, 0.002),
}


def drawn(jobs: int, chance: Random) -> list[Fate]:
    """A fate for each of so many jobs, in the order in which they come."""
    fates = [fate for fate in FATES for _ in range(max(fate.least, round(jobs * fate.share)))]
    fates += [PLAIN] * (jobs - len(fates))
    chance.shuffle(fates)
    return fates


def script(fates: list[Fate], chance: Random) -> Iterator[tuple[str, Fault]]:
    """Every fault to give the simulator, with the name that it is counted under."""
    for fate in FATES:
        jobs = [number for number, one in enumerate(fates) if one is fate]
        for fault in fate.faults:
            if fate.is_refused:
                yield from ((fate.name, {**fault, "text": _own(number)}) for number in jobs)
            else:
                yield fate.name, {**fault, "times": len(jobs), "text": fate.word}
    for name, (fault, share) in STRAYS.items():
        for _ in range(max(1, round(len(fates) * share))):
            # A list of tasks is one query for many jobs: there are fewer queries than jobs.
            reach = 0.6 if fault["stage"] == "download" else 0.2
            yield name, {**fault, "skip": chance.randrange(max(1, int(len(fates) * reach)))}
