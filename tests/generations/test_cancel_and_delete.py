from __future__ import annotations

import pytest
from django.core.files.storage import default_storage

from generations.models import Asset, Generation, ProviderAccount, State
from generations.tasks import erase
from kling.simulator.server import RunningSimulator
from tests.conftest import Person
from tests.generations.test_main_job import SOUND, create
from tests.webhooks.receiver import running
from tests.working import finish, reach

pytestmark = pytest.mark.django_db


def test_it_cancels_what_is_queued(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator
) -> None:
    public_id = create(ada.api, SOUND)["id"]
    response = ada.api.post(f"/generations/{public_id}/cancel")
    assert (response.status_code, response.json()["status"]) == (200, "canceled")
    assert ada.api.get("/credits").json()["held"] == "0"
    assert simulator.tasks() == []


def test_it_cannot_cancel_what_has_reached_the_provider(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    public_id = create(ada.api, {**SOUND, "input": {"prompt": "[slow] rain", "duration": 3}})["id"]
    reach(public_id, State.PROCESSING)
    response = ada.api.post(f"/generations/{public_id}/cancel")
    assert (response.status_code, response.json()["code"]) == (409, "not_cancellable")
    assert ada.api.get("/credits").json()["held"] == "0.25"


def test_it_cannot_delete_what_is_running(ada: Person, cloudsway: ProviderAccount) -> None:
    public_id = create(ada.api, SOUND)["id"]
    response = ada.api.delete(f"/generations/{public_id}")
    assert (response.status_code, response.json()["code"]) == (409, "not_finished")


def test_it_deletes_results_and_keeps_the_books(ada: Person, cloudsway: ProviderAccount) -> None:
    with running() as receiver:
        given = {"webhook_url": receiver.url, "metadata": {"order": "7"}}
        generation = finish(create(ada.api, SOUND | given)["id"])
    keys = list(Asset.objects.values_list("key", flat=True))
    assert all(default_storage.exists(key) for key in keys)
    assert ada.api.delete(f"/generations/{generation.public_id}").status_code == 204
    erase(generation.pk)
    assert not any(default_storage.exists(key) for key in keys)
    assert ada.api.get(f"/generations/{generation.public_id}").status_code == 404
    kept = Generation.objects.get(pk=generation.pk)
    assert (kept.input, kept.metadata, kept.webhook_url) == ({}, {}, "")
    assert kept.charged == 250_000
    assert ada.api.get("/credits").json()["balance"] == "99.75"


def test_it_says_why_it_cannot_cancel_again(ada: Person, cloudsway: ProviderAccount) -> None:
    public_id = create(ada.api, SOUND)["id"]
    ada.api.post(f"/generations/{public_id}/cancel")
    response = ada.api.post(f"/generations/{public_id}/cancel")
    assert response.status_code == 409
    assert "This generation has already been cancelled." in response.content.decode()


def test_it_says_why_it_cannot_cancel_what_is_done(ada: Person, cloudsway: ProviderAccount) -> None:
    generation = finish(create(ada.api, SOUND)["id"])
    response = ada.api.post(f"/generations/{generation.public_id}/cancel")
    assert response.status_code == 409
    assert "This generation has already succeeded." in response.content.decode()


def test_it_names_the_generation_in_the_books(ada: Person, cloudsway: ProviderAccount) -> None:
    public_id = finish(create(ada.api, SOUND)["id"]).public_id
    entry = ada.api.get("/credits/entries").json()["data"][0]
    assert (entry["kind"], entry["reference"]) == ("capture", public_id)
    page = ada.browser.get("/credits/").content.decode()
    assert f'<a href="/generations/{public_id}">Generation</a>' in page
    assert ada.browser.get(f"/generations/{public_id}").status_code == 200
