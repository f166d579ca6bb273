"""A price before: nothing is kept for it, and it is bound to the bytes that it was made for."""

from __future__ import annotations

from typing import Any

import pytest

from generations.models import ProviderAccount, Quote, Upload
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations import media
from tests.generations.inputs.asking import (
    created,
    encoded,
    film_of,
    kept,
    picture,
    refusal,
    upload,
)
from tests.generations.media_server import MediaServer, whole

pytestmark = pytest.mark.django_db


def quote(person: Person, body: dict[str, Any]) -> str:
    response = person.api.post("/quotes", body)
    assert response.status_code == 201, response.content
    return str(response.json()["id"])


def test_it_keeps_nothing(ada: Person, cloudsway: ProviderAccount, folder: Any) -> None:
    quote(ada, film_of(encoded(picture())))
    assert kept(ada) == []
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    assert encoded(picture())[:60] not in str(Quote.objects.values())


@pytest.mark.parametrize("first", ["base64", "upload", "address"])
@pytest.mark.parametrize("second", ["base64", "upload", "address"])
def test_it_fits_the_same_bytes_however_they_come(
    ada: Person, cloudsway: ProviderAccount, host: MediaServer, first: str, second: str
) -> None:
    forms = {
        "base64": encoded(picture()),
        "upload": upload(ada.api, picture()),
        "address": host.on("/a.png", whole(picture())),
    }
    found = quote(ada, film_of(forms[first]))
    created(ada.api, {**film_of(forms[second]), "quote_id": found})


def test_it_does_not_fit_other_bytes(
    ada: Person, cloudsway: ProviderAccount, host: MediaServer
) -> None:
    url = host.on("/a.png", whole(picture()))
    found = quote(ada, film_of(url))
    host.on("/a.png", whole(media.flat_png(shade=1)))
    body = {**film_of(url), "quote_id": found}
    assert refusal(ada.api, body)[:2] == ("quote_id", "unknown_quote")


def test_it_fetches_an_address_once_for_many_prices_and_anew_for_the_job(
    ada: Person, charlie: Person, cloudsway: ProviderAccount, host: MediaServer
) -> None:
    url = host.on("/a.png", whole(picture()))
    for _ in range(3):
        quote(ada, film_of(url))
    assert host.asked == ["/a.png"]
    quote(charlie, film_of(url))
    created(ada.api, film_of(url))
    assert host.asked == ["/a.png"] * 3


def test_its_price_follows_the_file(ada: Person, simulator: RunningSimulator) -> None:
    make_account(simulator.url, dialect="official")
    prices = []
    for seconds in (3, 6):
        film = upload(ada.api, media.mp4(seconds=seconds, width=720, height=720))
        values = {
            "image_url": encoded(picture()),
            "video_url": film,
            "character_orientation": "video",
            "mode": "std",
        }
        response = ada.api.post("/quotes", {"operation": "motion-control", "input": values})
        assert response.status_code == 201, response.content
        prices.append(float(response.json()["units"]))
    assert prices[1] == 2 * prices[0]
    assert Upload.objects.count() == 2


def test_it_holds_for_the_provider_that_it_was_made_for(
    ada: Person, simulator: RunningSimulator
) -> None:
    for slug in ("cheap", "dear"):
        make_account(simulator.url, dialect="official", slug=slug)
    body = film_of(encoded(picture()))
    found = quote(ada, {**body, "provider": "cheap"})
    other = {**body, "provider": "dear", "quote_id": found}
    assert refusal(ada.api, other)[:2] == ("quote_id", "unknown_quote")
    created(ada.api, {**body, "provider": "cheap", "quote_id": found})
