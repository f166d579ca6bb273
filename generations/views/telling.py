"""States, failures and history in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from billing.amounts import to_text
from generations.absence import can_be_looked_for
from generations.forms import words
from generations.models import Approval, Generation, State, Transition
from generations.places import LONGEST_LINE, Position
from kling import catalogue, operations
from kling.errors import InvalidInput
from kling.media import is_held


@dataclass(frozen=True)
class Badge:
    text: str
    kind: str
    live: bool = False


BADGES = {
    State.QUEUED: Badge("Queued", "muted", live=True),
    State.SUBMITTING: Badge("Submitting", "info", live=True),
    State.PROCESSING: Badge("Processing", "info", live=True),
    State.STORING: Badge("Storing", "info", live=True),
    State.RECONCILING: Badge("Checking", "warn", live=True),
    State.SUCCEEDED: Badge("Ready", "ok"),
    State.FAILED: Badge("Failed", "bad"),
    State.CANCELED: Badge("Cancelled", "muted"),
}
# Of a job in the queue that does not wait for a free place only.
UNAPPROVED, PAUSED = "unapproved", "paused"
HELD_UP = {
    UNAPPROVED: Badge("Needs approval", "warn"),
    PAUSED: Badge("Paused", "warn"),
}
EXPIRED = Badge("Expired", "muted")
NOW: dict[str, str] = {
    State.QUEUED: "Waiting for a free place at the provider.",
    State.SUBMITTING: "Being handed to the provider.",
    State.PROCESSING: "The provider is making it.",
    State.STORING: "Finished. The files are being saved here.",
    State.RECONCILING: "The provider has not given a clear answer yet, so we keep asking. Your "
    "credits stay set aside until we know; nothing is charged twice. There is nothing you have "
    "to do.",
    State.SUCCEEDED: "It can be played and downloaded now.",
    State.FAILED: "It did not work out.",
    State.CANCELED: "Cancelled. Nothing was charged.",
    UNAPPROVED: "It waits for an admin of this workspace to approve it. Your credits are set aside "
    "until then.",
    PAUSED: "Generation is paused: the provider takes no jobs at the moment. Yours waits with its "
    "credits set aside, and goes on by itself.",
}
PARKED = (
    "The provider's answer got lost, and it cannot be asked for it again. We look into it by hand. "
    "Your credits stay set aside until then; nothing is charged twice. If you need it now, make it "
    "again."
)
STEPS = (State.QUEUED, State.SUBMITTING, State.PROCESSING, State.STORING, State.SUCCEEDED)
REASONS = {
    "provider_failed": "Kling started on it but could not finish. Another try, or a simpler "
    "prompt, often helps.",
    "content_policy": "Kling's rules do not allow this request. Change the words and try again.",
    "rejected": "Kling did not accept these settings. Change them and try again.",
    "result_lost": "Kling made it, but the files could not be fetched in time. Your credits came "
    "back.",
    "canceled_by_operator": "The provider gave no verdict, so it was ended by hand.",
}
# The codes of failures whose message is the provider's; all other ones have our own.
SAID_BY_PROVIDER = {"provider_failed", "content_policy", "rejected"}
HISTORY: dict[tuple[str, str], str] = {
    ("", State.QUEUED): "Created; {quoted} credits set aside",
    (State.QUEUED, State.SUBMITTING): "Sent to the provider",
    (State.QUEUED, State.CANCELED): "Cancelled; the credits are free again",
    (State.SUBMITTING, State.PROCESSING): "Accepted by the provider",
    (State.SUBMITTING, State.QUEUED): "Not accepted just now; it will be sent again",
    (State.SUBMITTING, State.RECONCILING): "No clear answer; asking the provider",
    (State.PROCESSING, State.RECONCILING): "No clear result; asking the provider",
    (State.RECONCILING, State.PROCESSING): "Found at the provider",
    (State.RECONCILING, State.QUEUED): "Never reached the provider; it will be sent again",
    (State.PROCESSING, State.STORING): "Made; saving the files",
    (State.RECONCILING, State.STORING): "Made; saving the files",
    (State.STORING, State.SUCCEEDED): "Saved and ready; {charged} credits charged",
    (State.SUCCEEDED, State.SUCCEEDED): "The files were removed: their days were over",
    (State.STORING, State.FAILED): "The files could not be saved; the credits came back",
}
# Fields whose words stand above a result, instead of among its settings.
WORDS = ("prompt", "text", "voice_name", "element_name")
FAILED = "Failed; nothing was charged"
APPROVED = "approved by"


@dataclass(frozen=True)
class Step:
    label: str
    mark: str  # "is-done", "is-bad" or nothing
    is_current: bool = False


@dataclass(frozen=True)
class Event:
    text: str
    at: datetime


def phase(generation: Generation) -> str:
    """The state as a page shows it: a queued job may wait for a person, or for a provider."""
    usable = generation.account.is_usable
    return phase_of(generation.state, approval=generation.approval, is_usable=usable)


def phase_of(state: str, *, approval: str, is_usable: bool) -> str:
    """The same, of facts alone; `is_usable`: the account."""
    if state != State.QUEUED:
        return state
    if approval == Approval.WAITING:
        return UNAPPROVED
    return State.QUEUED.value if is_usable else PAUSED


def badge(generation: Generation) -> Badge:
    shown = phase(generation)
    if generation.expired_at:
        return EXPIRED
    return HELD_UP[shown] if shown in HELD_UP else BADGES[State(shown)]


def now(generation: Generation) -> str:
    """What is happening to the job, in the customer's words."""
    is_parked = generation.state == State.RECONCILING and not can_be_looked_for(generation)
    return PARKED if is_parked else NOW[phase(generation)]


def steps(generation: Generation) -> list[Step]:
    """Where the job stands on the usual way; none once it has failed or was cancelled."""
    state = State(generation.state)
    if state in (State.FAILED, State.CANCELED):
        return []
    # Somewhere between sent and made: which of the two is what we are asking about.
    place = STEPS.index(State.PROCESSING if state == State.RECONCILING else state)
    done = state == State.SUCCEEDED
    return [
        Step(
            label="Done" if step == State.SUCCEEDED else step.label,
            mark="is-done" if number < place or done else "",
            is_current=number == place and not done,
        )
        for number, step in enumerate(STEPS)
    ]


def line(position: Position | None) -> str:
    """A place in line in words; nothing of a job that does not wait."""
    if position is None:
        return ""
    if position.number > LONGEST_LINE:
        return f"More than {LONGEST_LINE:,} are before it in line."
    place = (
        "It is the next in line." if position.number == 1 else f"Number {position.number} in line."
    )
    if position.start is None:
        return place
    seconds = (position.start - timezone.now()).total_seconds()
    soon = "in a moment" if seconds < 15 else f"in {_roughly(seconds)}"
    return f"{place} It should start {soon}."


def _roughly(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(10, round(seconds / 10) * 10)} seconds"
    if seconds < 90 * 60:
        return f"about {round(seconds / 60)} minutes"
    return f"about {round(seconds / 3600)} hours"


def failure(generation: Generation) -> str:
    """Why there is no result, in our words."""
    return REASONS.get(generation.error_code) or generation.error_message or "It did not work out."


def said_by_provider(generation: Generation) -> str:
    is_theirs = generation.error_code in SAID_BY_PROVIDER
    return generation.error_message if is_theirs else ""


def history(generation: Generation) -> list[Event]:
    amounts = {"quoted": to_text(generation.quoted), "charged": to_text(generation.charged)}
    rows: list[Transition] = list(generation.transitions.all())
    return [Event(_told(row).format_map(amounts), row.at) for row in rows]


def _told(row: Transition) -> str:
    if row.was == row.now == State.QUEUED and row.reason.startswith(APPROVED):
        return row.reason.capitalize()
    if row.now == State.FAILED:
        return HISTORY.get((row.was, row.now), FAILED)
    return HISTORY.get((row.was, row.now), State(row.now).label)


def settings(generation: Generation) -> list[tuple[str, str]]:
    """The input by the titles of its form, but for the prompt, which has its own place."""
    try:
        facts = operations.get(generation.operation).Input.facts()
    except InvalidInput:
        facts = {}
    return [
        (facts[name].title if name in facts else name, _shown(name, value))
        for name, value in generation.input.items()
        if name not in ("model_name", "multi_prompt", *WORDS)
    ]


def _shown(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(_part(key, item) for key, item in value.items())
    if isinstance(value, list):
        return "; ".join(_shown(name, item) for item in value)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if is_held(str(value)):
        return "A file of yours" if str(value).startswith("upl_") else "An earlier result"
    return words.choice(name, str(value))


def _part(name: str, value: Any) -> str:
    """A number says nothing without its name, a file or a choice does."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    label = name.replace("_", " ")
    return f"{label} {value}" if is_number else _shown(name, value)


def model_title(generation: Generation) -> str:
    model = catalogue.default().model(generation.operation, generation.model)
    return model.title if model else operation_title(generation)


def operation_title(generation: Generation) -> str:
    try:
        return operations.get(generation.operation).title
    except InvalidInput:
        return generation.operation


def usual_time(generation: Generation) -> str:
    """How long such a job takes, roughly, in words."""
    try:
        name = operations.get(generation.operation).name
    except InvalidInput:
        return ""
    models = catalogue.default()
    return _roughly(models.expected_seconds(name, models.model(name, generation.model)))


def words_of(generation: Generation) -> str:
    """What the person wrote: the prompt, the text, a name, or the shots."""
    given = generation.input.get("input", generation.input)  # where some endpoints have all of it
    shots = given.get("multi_prompt") or []
    texts = [str(given.get(name, "")) for name in WORDS]
    texts += [str(shot["prompt"]) for shot in shots]
    return "\n".join(text for text in texts if text)
