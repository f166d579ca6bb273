"""Every operation through every provider that serves it, from the request to stored files."""

from __future__ import annotations

from decimal import Decimal

import pytest

import billing.ledger
from billing.models import OperationRate
from generations.models import ProviderAccount
from kling import operations
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations.builders import set_rates
from tests.generations.inputs.asking import created
from tests.generations.playing import assert_it_plays
from tests.generations.whole_inputs import Files
from tests.kling.inputs import SERVED, SMALLEST
from tests.working import finish

pytestmark = pytest.mark.django_db(transaction=True)
SOLD = [pair for pair in SERVED if operations.get(pair[0]).listed]


def provider(simulator: RunningSimulator, dialect: str) -> ProviderAccount:
    if not OperationRate.objects.exists():
        set_rates(*(operation.name for operation in operations.all_operations()))
    return make_account(simulator.url, dialect=dialect)


@pytest.mark.usefixtures("reachable")
@pytest.mark.parametrize(("operation", "dialect"), SOLD)
def test_it_runs_from_end_to_end(
    ada: Person, simulator: RunningSimulator, operation: str, dialect: str
) -> None:
    provider(simulator, dialect)
    values = Files(ada).filled(operation, SMALLEST[operation])
    job = created(ada.api, {"operation": operation, "input": values})
    finish(job["id"])

    done = ada.api.get(f"/generations/{job['id']}").json()
    assert (done["status"], done["error"]) == ("succeeded", None)
    assert done["credits"]["held"] == "0"
    charged = Decimal(done["credits"]["charged"])
    assert 0 < charged <= Decimal(done["credits"]["quoted"])
    assert done["assets"]
    for asset in done["assets"]:
        if asset["url"]:
            assert_it_plays(ada, asset)
    assert not billing.ledger.check().violations


@pytest.mark.usefixtures("reachable")
def test_the_step_before_a_task_is_charged_with_it(
    ada: Person, simulator: RunningSimulator
) -> None:
    """The provider deducts it apart, and says nothing of it with the task."""
    provider(simulator, "official")
    values = Files(ada).filled("lip-sync", SMALLEST["lip-sync"])
    job = created(ada.api, {"operation": "lip-sync", "input": values})
    finish(job["id"])
    done = ada.api.get(f"/generations/{job['id']}").json()
    assert done["provider"]["final_unit_deduction"] == "0.5"
    assert done["credits"]["charged"] == done["credits"]["quoted"] == "0.55"


@pytest.mark.usefixtures("reachable")
@pytest.mark.parametrize(("operation", "dialect"), SOLD)
def test_a_failure_of_the_provider_costs_nothing(
    ada: Person, simulator: RunningSimulator, operation: str, dialect: str
) -> None:
    provider(simulator, dialect)
    values = Files(ada).filled(operation, SMALLEST[operation])
    simulator.faults.add("task", "fail", path=operations.get(operation).path)
    job = created(ada.api, {"operation": operation, "input": values})
    finish(job["id"])
    done = ada.api.get(f"/generations/{job['id']}").json()
    assert (done["status"], done["assets"]) == ("failed", [])
    assert done["credits"] == {"quoted": job["credits"]["quoted"], "held": "0", "charged": "0"}
