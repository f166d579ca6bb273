"""What a deleted job cost stays on the books; its page does not."""

from __future__ import annotations

import pytest
from django.db import transaction

import billing.credits
from billing.amounts import to_micro
from generations import tasks
from generations.models import Generation, ProviderAccount
from tests.conftest import Person
from tests.generations import media
from tests.generations.builders import make_storing, output
from tests.generations.media_server import TASK, MediaServer, whole

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid(ada: Person, account: ProviderAccount, host: MediaServer) -> Generation:
    link = host.on("/film.mp4", whole(media.mp4()))
    generation = make_storing(ada.workspace, account, output(link), task_id=TASK)
    tasks.store(generation.pk)
    with transaction.atomic():
        billing.credits.refund(
            hold=generation.hold, amount=to_micro("1"), key="back", reason="Half a result"
        )
    return generation


@pytest.mark.parametrize("page", ["/credits/", "/credits/entries/"])
def test_no_entry_links_to_a_deleted_job(ada: Person, paid: Generation, page: str) -> None:
    link = f'<a href="/generations/{paid.public_id}">Generation</a>'
    assert ada.browser.get(page).content.decode().count(link) == 2
    assert ada.browser.get(f"/generations/{paid.public_id}").status_code == 200
    assert ada.api.delete(f"/generations/{paid.public_id}").status_code == 204
    assert ada.browser.get(f"/generations/{paid.public_id}").status_code == 404
    html = ada.browser.get(page).content.decode()
    assert (html.count(link), html.count("Generation, deleted")) == (0, 2)
