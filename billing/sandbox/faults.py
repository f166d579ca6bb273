"""What goes wrong between Stripe and us, on purpose: by chance with a seed, or the very next time.

The same seed and the same requests give the same faults, so a test that fails can be run again.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from billing.sandbox.errors import Refused
from billing.sandbox.store import Store

SETTING = "faults"
CHANCES = ("lose", "double", "twin", "delay", "reorder", "lose_replies", "fail_replies")
DEFAULTS: dict[str, Any] = {
    "seed": 1,
    **dict.fromkeys(CHANCES, 0.0),
    "delay_seconds": 5.0,
    # For the next requests that change something: "lose", "fail" or "ok", one for each.
    "next_replies": [],
}
REPLIES = ("ok", "lose", "fail")
MOST_SECONDS = 3600


class Fate(NamedTuple):
    """Of one event."""

    copies: int = 1  # how often it is sent; 0: it never arrives
    twin: bool = False  # another event, with an id of its own, says the same
    seconds: float = 0.0
    places: int = 0  # how many later events may overtake it


def current(store: Store) -> dict[str, Any]:
    return {**DEFAULTS, **store.setting(SETTING, {})}


def change(store: Store, wanted: Mapping[str, str]) -> dict[str, Any]:
    """Only what `wanted` names. Another seed begins its sequence anew."""
    changed = current(store)
    for name, value in wanted.items():
        if name not in DEFAULTS:
            raise Refused(f"There is no such fault: {name}.", param=name)
        changed[name] = _read(name, value)
    if "seed" in wanted:
        for purpose in ("events", "replies"):
            store.set_setting(f"{SETTING}.{purpose}", 0)
    store.set_setting(SETTING, changed)
    return changed


def of_event(store: Store) -> Fate:
    faults = current(store)
    if not any(faults[name] for name in CHANCES):
        return Fate()
    chance = _next(store, faults, "events")
    # Always the same number of draws: one fault more or less does not change the others.
    lost, doubled, twin, late, moved = (chance.random() for _ in range(5))
    seconds, places = chance.uniform(0, faults["delay_seconds"]), chance.randint(1, 10)
    return Fate(
        copies=0 if lost < faults["lose"] else 1 + (doubled < faults["double"]),
        twin=twin < faults["twin"],
        seconds=seconds if late < faults["delay"] else 0.0,
        places=places if moved < faults["reorder"] else 0,
    )


def of_reply(store: Store) -> str:
    """One of REPLIES, for a request that changes something."""
    faults = current(store)
    if faults["next_replies"]:
        first, *rest = faults["next_replies"]
        store.set_setting(SETTING, {**faults, "next_replies": rest})
        return str(first)
    if not faults["lose_replies"] and not faults["fail_replies"]:
        return "ok"
    chance = _next(store, faults, "replies").random()
    if chance < faults["lose_replies"]:
        return "lose"
    return "fail" if chance < faults["lose_replies"] + faults["fail_replies"] else "ok"


def _next(store: Store, faults: dict[str, Any], purpose: str) -> random.Random:
    name = f"{SETTING}.{purpose}"
    count = store.setting(name, 0) + 1
    store.set_setting(name, count)
    return random.Random(f"{faults['seed']}/{purpose}/{count}")  # noqa: S311


def _read(name: str, value: str) -> Any:
    if name == "next_replies":
        replies = [reply for reply in value.replace(" ", "").split(",") if reply]
        if not set(replies) <= set(REPLIES):
            raise Refused(f"Replies are {', '.join(REPLIES)}.", param=name)
        return replies
    if name == "seed":
        if not re.fullmatch(r"\d{1,18}", value):
            raise Refused("A whole number is needed.", param=name)
        return int(value)
    try:
        number = float(value)
    except ValueError:
        raise Refused("A number is needed.", param=name) from None
    most = MOST_SECONDS if name == "delay_seconds" else 1
    if not 0 <= number <= most:
        raise Refused(f"From 0 to {most}.", param=name)
    return number
