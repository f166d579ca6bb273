from __future__ import annotations

import pytest
from django.core.management import call_command

from accounts.models import Plan
from accounts.plans import find_plan
from accounts.quotas import QuotaExceeded, refuse_above


@pytest.mark.parametrize(("limit", "used", "adding"), [(3, 2, 1), (3, 0, 3), (None, 10**9, 1)])
def test_it_allows_up_to_the_limit(limit: int | None, used: int, adding: int) -> None:
    refuse_above(quota="running_jobs", limit=limit, used=used, adding=adding)


@pytest.mark.parametrize(("limit", "used", "adding"), [(3, 3, 1), (0, 0, 1), (3, 5, 1)])
def test_it_refuses_what_is_above_the_limit(limit: int, used: int, adding: int) -> None:
    with pytest.raises(QuotaExceeded) as caught:
        refuse_above(quota="running_jobs", limit=limit, used=used, adding=adding, retry_after=30)

    assert (caught.value.quota, caught.value.limit, caught.value.used) == (
        "running_jobs",
        limit,
        used,
    )
    assert caught.value.retry_after == 30


def test_it_brings_missing_plans_back_and_leaves_changed_ones(db: None) -> None:
    Plan.objects.filter(slug="pro").delete()
    Plan.objects.filter(slug="free").update(running_jobs=9, is_default=False)
    Plan.objects.filter(slug="unlimited").update(is_default=True)
    call_command("migrate", "accounts", verbosity=0)

    assert Plan.objects.filter(slug="pro").exists()
    assert Plan.objects.get(slug="free").running_jobs == 9
    assert find_plan(None).slug == "unlimited"
