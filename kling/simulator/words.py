"""Words in square brackets that a person puts into a prompt to see something go wrong.

`HELP` is their one documentation; the simulator shows it on its front page.
"""

from __future__ import annotations

import re
from typing import Final

from .errors import Refusal
from .plan import Plan

HELP: Final[dict[str, str]] = {
    "[fail]": "fails after the usual time: Failure to pass the risk control system",
    "[fail:TEXT]": "fails with TEXT as the reason",
    "[bad-image]": "fails: Image format is invalid",
    "[reject]": "refused at once, code 1301 (content policy)",
    "[refuse:CODE]": "refused at once with that code: 1102 no balance, 1302 too fast, 1303 busy…",
    "[slow]": "takes a minute longer",
    "[slow:SECONDS]": "takes that much longer",
    "[never]": "stays in processing for good",
    "[unknown-status]": "shows a status word that no document names, then succeeds",
    "[unknown-status:WORD]": "the same with WORD",
    "[vanish]": "accepted, but unknown to queries for 20 seconds",
    "[vanish:SECONDS]": "the same for that long",
    "[no-url]": "succeeds without an address of the file",
    "[expired]": "succeeds with links that have already expired",
    "[deduct:UNITS]": "charges that many units instead of the right number; any text is sent as is",
    "[deduct:none]": "leaves final_unit_deduction out",
}

_PLANS: Final = {
    "fail": "fail",
    "slow": "slow",
    "never": "never",
    "unknown-status": "status_word",
    "vanish": "hidden",
    "no-url": "no_url",
    "expired": "expired_links",
    "deduct": "deduction",
}
_WORD: Final = re.compile(r"\[([a-z-]+)(?::([^\]]*))?\]")


def read(text: str, *, time_scale: float) -> Plan:
    """The plan that the words of `text` ask for. Raises Refusal for the words that refuse."""
    plan = Plan()
    for word, value in _WORD.findall(text):
        if word == "reject":
            raise Refusal(1301)
        if word == "refuse" and value.isdigit():
            raise Refusal(int(value))
        if word == "bad-image":
            plan = plan.with_change("fail", "Image format is invalid", time_scale=time_scale)
        elif word in _PLANS:
            plan = _planned(plan, word=word, value=value or None, time_scale=time_scale)
    return plan


def _planned(plan: Plan, *, word: str, value: str | None, time_scale: float) -> Plan:
    try:
        return plan.with_change(_PLANS[word], value, time_scale=time_scale)
    except ValueError:
        # "[slow:very]" is a slip of a person at play: leave it a plain word of the prompt.
        return plan
