"""The worker process that takes the rounds of help (bench.poller)."""

from __future__ import annotations

from bench.poller import end_of_input

READ = 0.2  # seconds between two looks into the worker's queue


def inside() -> bool:
    """One round each time that help is called: the doorbell is rung with a lease anew."""
    from generations import helping, polling
    from worker.models import Lease

    over, answered = end_of_input(), ""
    calls = Lease.objects.filter(name=f"{helping.LEASE} 0").values_list("holder", flat=True)
    while not over.wait(READ):
        call = calls.first()
        if call and call != answered:
            answered = call
            polling.help_out()
    return True
