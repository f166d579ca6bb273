"""The cache is one of the tables: what does not need it goes on without it, the rest says so."""

from __future__ import annotations

import re

import pytest
from django.db import OperationalError, ProgrammingError
from django.test import Client

from generations.models import Generation, ProviderAccount, State, Upload
from tests.conftest import PASSWORD, Person
from tests.generations.inputs.asking import film_of, picture
from tests.generations.media_server import MediaServer, whole
from tests.generations.test_main_job import SOUND, create
from tests.outage import no_answer
from tests.working import finish

pytestmark = pytest.mark.django_db(transaction=True)
CACHE = '"cache"'
KEYS = "/settings/keys"
NEW_KEY = {"label": "Render farm", "scopes": ["read"], "expires_at": "never"}


@pytest.mark.parametrize("error", [OperationalError, ProgrammingError], ids=["away", "missing"])
def test_jobs_and_pages_need_no_cache(
    ada: Person, cloudsway: ProviderAccount, error: type[Exception]
) -> None:
    with no_answer(error, to=CACHE):
        job = str(create(ada.api, SOUND)["id"])
        assert finish(job).state == State.SUCCEEDED
        for path in ("/studio/", "/gallery/", f"/generations/{job}", "/credits/", KEYS):
            assert ada.browser.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/quotes", "/generations"])
def test_a_linked_file_comes_again(
    ada: Person, cloudsway: ProviderAccount, host: MediaServer, path: str
) -> None:
    """What was found behind an address is remembered for a moment."""
    film = film_of(host.on("/frame.png", whole(picture(), "image/png")))
    with no_answer(to=CACHE):
        answer = ada.api.post(path, film)
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert not Generation.objects.exists()
    assert not Upload.objects.exists()
    assert ada.api.credits()["held"] == "0"

    assert ada.api.post(path, film).status_code in (201, 202)


def test_nobody_signs_in_uncounted(ada: Person) -> None:
    """Attempts at passwords are counted in the cache."""
    visitor = Client(raise_request_exception=False)
    form = {"login": ada.user.email, "password": PASSWORD}
    with no_answer(to=CACHE):
        answer = visitor.post("/accounts/login/", form)
        assert (answer.status_code, answer["Retry-After"]) == (503, "30")
        assert "_auth_user_id" not in visitor.session

    assert visitor.post("/accounts/login/", form).status_code == 302


@pytest.mark.parametrize("to", ['INSERT INTO "cache"', 'INSERT INTO "accounts_apikey"'])
def test_a_form_that_works_once_may_come_again(ada: Person, to: str) -> None:
    ada.browser.raise_request_exception = False
    page = ada.browser.get(KEYS).content.decode()
    (token,) = re.findall(r'name="once" value="(\w+)"', page)
    form = NEW_KEY | {"once": token}
    before = ada.workspace.api_keys.count()

    with no_answer(to=to):
        answer = ada.browser.post(KEYS, form)
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert ada.workspace.api_keys.count() == before

    assert ada.browser.post(KEYS, form).status_code == 201
    assert ada.browser.post(KEYS, form).status_code == 302  # that key was made already
    assert ada.workspace.api_keys.count() == before + 1
