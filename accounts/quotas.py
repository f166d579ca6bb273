"""What a plan allows. Counting what was used belongs to those who own the rows."""

from __future__ import annotations

from typing import Literal

Quota = Literal[
    "running_jobs",
    "daily_credits",
    "storage_bytes",
    "workspace_daily_cap",
    "workspace_monthly_cap",
    "member_daily_cap",
    "member_monthly_cap",
    "key_daily_cap",
    "key_monthly_cap",
]
NOT_IN_CREDITS: tuple[Quota, ...] = ("running_jobs", "storage_bytes")

SENTENCES: dict[Quota, str] = {
    "running_jobs": "Your plan runs {limit} at the same time. Wait until one is done.",
    "daily_credits": "Your plan's limit of credits a day, bought ones too, is reached.",
    "storage_bytes": "Your plan's storage is full. Delete results that you no longer need.",
    "workspace_daily_cap": "The workspace's spending cap for today is reached.",
    "workspace_monthly_cap": "The workspace's spending cap for this month is reached.",
    "member_daily_cap": "Your own spending cap for today is reached.",
    "member_monthly_cap": "Your own spending cap for this month is reached.",
    "key_daily_cap": "This key's spending cap for today is reached.",
    "key_monthly_cap": "This key's spending cap for this month is reached.",
}


class QuotaExceeded(Exception):
    """The plan, or a spending cap, does not allow it now.

    `.quota` names the limit, `.limit` and `.used` are in its unit (jobs, micro-credits, bytes),
    `.retry_after` is in seconds, None where waiting alone does not help. `amounts` is a sentence
    with the numbers, of those who know their unit.
    """

    def __init__(
        self,
        *,
        quota: Quota,
        limit: int,
        used: int,
        retry_after: int | None = None,
        amounts: str = "",
    ) -> None:
        self.quota = quota
        self.limit = limit
        self.used = used
        self.retry_after = retry_after
        jobs = "1 job" if limit == 1 else f"{limit} jobs"
        super().__init__(f"{SENTENCES[quota].format(limit=jobs)} {amounts}".strip())


def refuse_above(
    *, quota: Quota, limit: int | None, used: int, adding: int, retry_after: int | None = None
) -> None:
    """Raise `QuotaExceeded` if `used + adding` is more than `limit`."""
    if limit is not None and used + adding > limit:
        raise QuotaExceeded(quota=quota, limit=limit, used=used, retry_after=retry_after)
