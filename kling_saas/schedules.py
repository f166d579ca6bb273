"""What happens on a schedule, whoever is there: safety nets and cleaning.

django-q2 runs these every 30 seconds at best; what has to be quicker has the worker's clock.
"""

from __future__ import annotations

from typing import Any

from django_q.models import Schedule

EVERY_MINUTE = {"schedule_type": Schedule.MINUTES, "minutes": 1}
HOURLY = {"schedule_type": Schedule.HOURLY}
DAILY = {"schedule_type": Schedule.DAILY}

SCHEDULES: dict[str, dict[str, Any]] = {
    "generations.tasks.sweep": EVERY_MINUTE,
    "webhooks.tasks.sweep": EVERY_MINUTE,
    "billing.tasks.sweep": EVERY_MINUTE,
    "billing.credits.expire": EVERY_MINUTE,
    "billing.expiry_notices.run": HOURLY,
    "billing.ledger_watch.run": HOURLY,
    "billing.tasks.reconcile": DAILY,
    "generations.tasks.prune": HOURLY,
    "generations.tasks.prune_files": DAILY,
    "webhooks.tasks.prune": HOURLY,
    "worker.tasks.prune": HOURLY,
    "accounts.rates.forget": HOURLY,
    "accounts.tasks.prune": DAILY,
}


def sync(**_: Any) -> None:
    """Make the schedule rows what this file says: after every migrate."""
    Schedule.objects.exclude(name__in=SCHEDULES).delete()
    for task, rhythm in SCHEDULES.items():
        Schedule.objects.update_or_create(name=task, defaults={"func": task, **rhythm})
