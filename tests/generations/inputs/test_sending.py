"""What the provider gets for a file that we hold: Base64, a link, its own id, or nothing at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

import kling.errors
from accounts.access import Actor
from accounts.models import Role
from generations import inputs, uploads
from generations.models import Generation, ProviderAccount, State, Upload
from kling.requests import parse
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations import media
from tests.generations.inputs.asking import created, encoded, film_of, picture, upload, wire
from tests.working import finish, work_until

pytestmark = pytest.mark.django_db(transaction=True)

SITE = "https://studio.example"
INSIDE = "http://studio.internal:8000"  # reached by people of one house, and by no provider


def lip_sync(video: str, sound: str) -> dict[str, Any]:
    values = {"video_url": video, "face_choose": [{"sound_file": sound}]}
    return {"operation": "lip-sync", "input": values}


def sent_body(simulator: RunningSimulator) -> dict[str, Any]:
    work_until(lambda: bool(simulator.submissions()))
    return wire(simulator)


def test_it_sends_base64_where_nobody_reaches_us(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator
) -> None:
    job = created(ada.api, film_of(f"data:image/png;base64,{encoded(picture())}"))
    assert finish(job["id"]).state == State.SUCCEEDED
    assert wire(simulator)["image"] == encoded(picture())


@pytest.mark.parametrize("form", ["upload", "base64"])
def test_it_sends_a_link_where_we_can_be_reached(
    ada: Person,
    cloudsway: ProviderAccount,
    simulator: RunningSimulator,
    settings: Any,
    form: str,
) -> None:
    settings.SITE_URL = SITE
    given = upload(ada.api, picture()) if form == "upload" else encoded(picture())
    created(ada.api, film_of(given))
    link = sent_body(simulator)["image"]
    assert link.startswith(f"{SITE}/files/")
    path = urlsplit(link).path
    whole = Client().get(path)
    assert (whole.status_code, whole["Content-Type"]) == (200, "image/png")
    assert b"".join(whole.streaming_content) == picture()
    assert Client().head(path)["Content-Length"] == str(len(picture()))
    part = Client().get(path, headers={"Range": "bytes=1-3"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, b"PNG")


def test_its_links_end(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator, settings: Any
) -> None:
    settings.SITE_URL = SITE
    held = upload(ada.api, picture())
    created(ada.api, film_of(held))
    path = urlsplit(sent_body(simulator)["image"]).path
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert Client().get(path).status_code == 404
    assert Client().get(path).status_code == 200
    Upload.objects.all().delete()
    assert Client().get(path).status_code == 404


def test_the_simulator_on_this_machine_is_given_links(
    ada: Person, simulator: RunningSimulator, settings: Any
) -> None:
    make_account(simulator.url, dialect="official", simulated=True)
    settings.SITE_URL = "http://127.0.0.1:9"
    created(ada.api, film_of(upload(ada.api, picture())))
    assert sent_body(simulator)["image"].startswith("http://127.0.0.1:9/files/")


@pytest.mark.parametrize(
    "site", ["http://studio.example", "https://10.0.0.7", "https://studio.local", "https://studio"]
)
def test_it_knows_addresses_that_no_provider_reaches(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator, settings: Any, site: str
) -> None:
    settings.SITE_URL = site
    created(ada.api, film_of(upload(ada.api, picture())))
    assert sent_body(simulator)["image"] == encoded(picture())


def test_it_falls_back_on_the_address_that_a_file_came_from(
    ada: Person, simulator: RunningSimulator, settings: Any
) -> None:
    settings.SITE_URL = INSIDE
    make_account(simulator.url, dialect="official")
    film = upload(ada.api, media.mp4(seconds=3, width=720, height=720))
    url = "https://files.example.com/ada.mp4"
    Upload.objects.update(origin="link", source_url=url)
    created(ada.api, lip_sync(film, upload(ada.api, media.mp3(3))))
    work_until(lambda: bool(simulator.submissions()))
    assert url in simulator.submissions()[0]["body"]


def test_it_fails_a_job_whose_file_has_no_way_to_the_provider(
    ada: Person, simulator: RunningSimulator, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SITE_URL = INSIDE
    make_account(simulator.url, dialect="official")
    film = upload(ada.api, media.mp4(seconds=3, width=720, height=720))
    job = created(ada.api, lip_sync(film, upload(ada.api, media.mp3(3))))
    assert finish(job["id"]).state == State.FAILED
    answer = ada.api.get(f"/generations/{job['id']}").json()
    assert "cannot be given to this provider" in answer["error"]["message"]
    assert "SITE_URL" not in answer["error"]["message"]
    assert "Set SITE_URL" in caplog.text
    assert_nothing_was_taken(ada, simulator)


def test_it_gives_a_link_to_a_provider_on_the_same_machine_where_base64_is_not_taken(
    ada: Person, simulator: RunningSimulator
) -> None:
    make_account(simulator.url, dialect="official")
    film = upload(ada.api, media.mp4(seconds=3, width=720, height=720))
    created(ada.api, lip_sync(film, upload(ada.api, media.mp3(3))))
    assert sent_body(simulator)["video_url"].startswith("http://127.0.0.1:8000/files/")


def test_it_fails_a_job_whose_upload_was_deleted(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator
) -> None:
    job = created(ada.api, film_of(upload(ada.api, picture())))
    owner = Actor(workspace=ada.workspace, user=ada.user, role=Role.OWNER)
    uploads.delete_upload(Upload.objects.get(), by=owner)
    assert finish(job["id"]).state == State.FAILED
    answer = ada.api.get(f"/generations/{job['id']}").json()
    assert "was deleted" in answer["error"]["message"]
    assert_nothing_was_taken(ada, simulator)
    page = ada.browser.get(f"/generations/{job['id']}").content.decode()
    assert "was deleted before the job could be sent" in page
    assert "In the provider" not in page


def test_it_fails_a_job_whose_file_is_lost(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator, folder: Any
) -> None:
    job = created(ada.api, film_of(upload(ada.api, picture())))
    (folder / Upload.objects.get().key).unlink()
    assert finish(job["id"]).state == State.FAILED
    assert_nothing_was_taken(ada, simulator)


def test_a_file_that_is_lost_while_sending_leaves_no_doubt(
    ada: Person, cloudsway: ProviderAccount, folder: Any
) -> None:
    job = created(ada.api, film_of(upload(ada.api, picture())))
    generation = Generation.objects.get(public_id=job["id"])
    known = inputs.media_of(generation)
    request = parse(generation.operation, generation.input, dialect="cloudsway", media=known)
    sent = inputs.sent(generation, request)
    (folder / Upload.objects.get().key).unlink()
    with pytest.raises(kling.errors.Unreachable) as caught:
        request.wire_body(external_task_id="x", files=sent.files, ids=sent.ids)
    assert caught.value.retryable
    assert not caught.value.maybe_accepted


def assert_nothing_was_taken(person: Person, simulator: RunningSimulator) -> None:
    credits = person.api.get("/credits").json()
    assert (credits["held"], credits["balance"]) == ("0", "100")
    assert simulator.submissions() == []
