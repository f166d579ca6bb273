"""When a running job is looked at next: what is learnt of its kind, and of its callbacks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from generations import callback_health, durations, pace, timing
from generations.durations import Kind
from generations.models import Generation
from generations.pace import Usual


@dataclass(frozen=True)
class Schedule:
    """`usuals` by kind of job, `reliable` the accounts whose callbacks come."""

    usuals: dict[Kind, Usual]
    reliable: set[int]

    @classmethod
    def load(cls) -> Schedule:
        """Everything, for a round over many jobs."""
        return cls(durations.known(), callback_health.reliable())

    @classmethod
    def of(cls, generation: Generation) -> Schedule:
        """As much as concerns this job."""
        usual = durations.usual_of(generation)
        usuals = {durations.kind_of(generation): usual} if usual else {}
        waits = callback_health.can_be_waited_for(generation)
        return cls(usuals, {generation.account_id} if waits else set())

    def first(self, generation: Generation) -> datetime:
        """For a job that the provider has accepted now."""
        usual, callbacks = self._known(generation)
        return timing.after(pace.first_look(usual, callbacks=callbacks))

    def next(self, generation: Generation) -> datetime:
        """For a job that still ran when it was looked at now."""
        began = generation.submitted_at or generation.created_at
        usual, callbacks = self._known(generation)
        seconds = pace.interval(timing.age(began), usual, callbacks=callbacks)
        if generation.called_back_at:
            # The callback was ahead of what a query shows; that will not take long.
            since = timing.age(generation.called_back_at)
            seconds = min(seconds, max(pace.SHORTEST, since))
        return timing.after(seconds)

    def _known(self, generation: Generation) -> tuple[Usual | None, bool]:
        callbacks = generation.account_id in self.reliable and callback_health.are_expected(
            generation
        )
        return self.usuals.get(durations.kind_of(generation)), callbacks
