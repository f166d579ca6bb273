"""Results of before as input: by the id of the provider, at the account that made them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from generations import tasks
from generations.models import Asset, Generation, ProviderAccount, State
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations import media
from tests.generations.builders import make_storing, output
from tests.generations.inputs.asking import created, refusal, upload
from tests.generations.media_server import TASK, MediaServer, whole
from tests.working import finish, work_until

pytestmark = pytest.mark.django_db(transaction=True)

PROVIDERS_ID = "871100000000000007"
MONTH = timedelta(days=31)


@dataclass(frozen=True)
class Studio:
    """Two accounts of one kind; `film` was made by the one that comes second."""

    film: Asset
    first: ProviderAccount
    second: ProviderAccount
    sound: str


@pytest.fixture
def studio(ada: Person, simulator: RunningSimulator, host: MediaServer) -> Studio:
    first = make_account(simulator.url, dialect="official", slug="first")
    second = make_account(simulator.url, dialect="official", slug="second")
    film = make_film(ada, second, host)
    return Studio(film, first, second, upload(ada.api, media.mp3(3)))


def make_film(
    person: Person, account: ProviderAccount, host: MediaServer, *, rate: int = 24
) -> Asset:
    link = host.on("/film.mp4", whole(media.mp4(seconds=3, width=720, height=720, rate=rate)))
    result = output(link, provider_id=PROVIDERS_ID)
    account.base_url, url = host.url, account.base_url
    account.save()
    job = make_storing(person.workspace, account, result, task_id=TASK)
    tasks.store(job.pk)
    account.base_url = url
    account.save()
    return job.assets.get()


def lip_sync(studio: Studio, **video: str) -> dict[str, Any]:
    values = {**video, "face_choose": [{"sound_file": studio.sound}]}
    return {"operation": "lip-sync", "input": values}


def account_of(answer: dict[str, Any]) -> str:
    return Generation.objects.get(public_id=answer["id"]).account.slug


def test_it_names_a_result_by_the_providers_id(
    ada: Person, studio: Studio, simulator: RunningSimulator
) -> None:
    answer = created(ada.api, lip_sync(studio, video_url=studio.film.public_id))
    assert account_of(answer) == "second"
    assert answer["input"]["video_url"] == studio.film.public_id
    work_until(lambda: bool(simulator.submissions()))
    body = simulator.submissions()[0]["body"]
    assert PROVIDERS_ID in body
    assert "video_url" not in body


@pytest.mark.parametrize("which", ["ours", "theirs"])
def test_an_id_goes_to_the_account_that_made_it(
    ada: Person, studio: Studio, simulator: RunningSimulator, which: str
) -> None:
    ProviderAccount.objects.filter(slug="first").update(priority=1)
    given = studio.film.public_id if which == "ours" else PROVIDERS_ID
    answer = created(ada.api, lip_sync(studio, video_id=given))
    assert (account_of(answer), answer["input"]["video_id"]) == ("second", given)
    work_until(lambda: bool(simulator.submissions()))
    assert PROVIDERS_ID in simulator.submissions()[0]["body"]


@pytest.mark.parametrize("field", ["video_id", "video_url"])
def test_a_result_of_another_workspace_looks_absent(
    ada: Person, charlie: Person, studio: Studio, field: str
) -> None:
    body = lip_sync(studio, **{field: studio.film.public_id})
    body["input"]["face_choose"] = [{"sound_file": upload(charlie.api, media.mp3(3))}]
    found = refusal(charlie.api, body)
    assert found[:2] == (f"input.{field}", "not_found")
    Asset.objects.all().delete()
    assert refusal(charlie.api, body) == found


def test_an_id_of_another_workspace_looks_unknown(
    ada: Person, charlie: Person, studio: Studio
) -> None:
    body = lip_sync(studio, video_id=PROVIDERS_ID)
    body["input"]["face_choose"] = [{"sound_file": upload(charlie.api, media.mp3(3))}]
    found = refusal(charlie.api, body)
    assert found[:2] == ("input.video_id", "not_found")
    body["input"]["video_id"] = "999999999999999999"
    assert refusal(charlie.api, body) == found


def test_an_id_ends_after_thirty_days(ada: Person, studio: Studio) -> None:
    with time_machine.travel(timezone.now() + MONTH):
        found = refusal(ada.api, lip_sync(studio, video_id=PROVIDERS_ID))
    assert found[:2] == ("input.video_id", "expired")
    assert "video_url" in found[2]


@pytest.mark.parametrize("why", ["old", "switched off", "nameless"])
def test_the_file_takes_the_place_of_an_id_that_is_no_more(
    ada: Person, studio: Studio, why: str
) -> None:
    now = timezone.now()
    if why == "switched off":
        ProviderAccount.objects.filter(slug="second").update(enabled=False)
    elif why == "nameless":
        Asset.objects.update(provider_asset_id="")
    else:
        now += MONTH
    with time_machine.travel(now):
        answer = created(ada.api, lip_sync(studio, video_id=studio.film.public_id))
    assert account_of(answer) == "first"
    assert answer["input"]["video_url"] == studio.film.public_id
    assert "video_id" not in answer["input"]


@pytest.mark.parametrize("rate", [24, 12])
def test_a_result_is_held_to_the_frame_rate_like_any_file(
    ada: Person, simulator: RunningSimulator, host: MediaServer, rate: int
) -> None:
    film = make_film(ada, make_account(simulator.url, dialect="official"), host, rate=rate)
    source = {"video_url": film.public_id, "refer_type": "feature"}
    body = {"operation": "omni-video", "input": {"prompt": "It goes on", "video_list": [source]}}
    if rate == 24:
        assert created(ada.api, body)["input"]["video_list"] == [source]
    else:
        field, code, message = refusal(ada.api, body)
        assert (field, code) == ("input.video_list.0.video_url", "out_of_range")
        assert "24 to 60 frames a second. It has 12." in message


@pytest.fixture
def elsewhere(ada: Person, simulator: RunningSimulator, host: MediaServer) -> Asset:
    """A film of an account that offers neither of the operations below; another one does."""
    make_account(simulator.url, dialect="cometapi")
    return make_film(ada, make_account(simulator.url, dialect="cloudsway"), host)


def test_a_film_goes_as_a_file_where_its_account_does_not_offer_the_operation(
    ada: Person, elsewhere: Asset
) -> None:
    values = {"video_id": elsewhere.public_id}
    answer = created(ada.api, {"operation": "video-to-audio", "input": values})
    assert account_of(answer) == "cometapi"
    assert answer["input"] == {"video_url": elsewhere.public_id}


@pytest.mark.parametrize("which", ["ours", "theirs"])
def test_it_says_that_the_account_of_a_film_does_not_offer_the_operation(
    ada: Person, elsewhere: Asset, which: str
) -> None:
    given = elsewhere.public_id if which == "ours" else PROVIDERS_ID
    body = {"operation": "video-extend", "input": {"video_id": given}}
    assert refusal(ada.api, body) == (
        "input.video_id",
        "other_account",
        "video_id: It was made through Cloudsway, which does not offer video-extend.",
    )


def test_it_says_that_nobody_offers_the_operation(ada: Person, studio: Studio) -> None:
    body = {"operation": "video-extend", "input": {"video_id": studio.film.public_id}}
    assert refusal(ada.api, body)[:2] == ("operation", "not_offered")


def test_ids_of_two_accounts_do_not_go_together(
    ada: Person, studio: Studio, host: MediaServer
) -> None:
    sound = make_film(ada, studio.first, host)
    Asset.objects.filter(pk=sound.pk).update(kind="audio", provider_asset_id="871100000000000008")
    body = lip_sync(studio, video_id=PROVIDERS_ID)
    body["input"]["face_choose"] = [{"audio_id": "871100000000000008"}]
    assert refusal(ada.api, body)[:2] == ("input.face_choose.0.audio_id", "other_account")


def test_a_voice_of_the_provider_is_everybodys_and_a_made_one_is_not(
    ada: Person, charlie: Person, studio: Studio
) -> None:
    Asset.objects.update(kind="voice", provider_asset_id="871100000000000009")

    def voice(voice_id: str) -> dict[str, Any]:
        values = {"prompt": "<<<voice_1>>> says hello", "sound": "on", "mode": "pro"}
        values |= {"model_name": "kling-v2-6", "voice_list": [{"voice_id": voice_id}]}
        return {"operation": "text-to-video", "input": values}

    created(charlie.api, voice("genshin_vindi2"))
    assert account_of(created(ada.api, voice("871100000000000009"))) == "second"
    found = refusal(charlie.api, voice("871100000000000009"))
    assert found[:2] == ("input.voice_list.0.voice_id", "not_found")


def session(person: Person, studio: Studio) -> Generation:
    job = studio.film.generation
    Generation.objects.filter(pk=job.pk).update(
        operation="identify-face", task_id="ses-1", input={"video_url": studio.film.public_id}
    )
    job.refresh_from_db()
    assert job.state == State.SUCCEEDED
    return job


def with_session(studio: Studio, session_id: str) -> dict[str, Any]:
    body = lip_sync(studio, session_id=session_id)
    body["input"]["face_choose"][0]["face_id"] = "0"
    return body


@pytest.mark.parametrize("which", ["ours", "theirs"])
def test_a_session_is_known_by_its_job(ada: Person, studio: Studio, which: str) -> None:
    job = session(ada, studio)
    given = job.public_id if which == "ours" else "ses-1"
    answer = created(ada.api, with_session(studio, given))
    assert account_of(answer) == "second"


def test_a_session_is_its_workspaces_and_lasts_a_day(
    ada: Person, charlie: Person, studio: Studio
) -> None:
    job = session(ada, studio)
    body = with_session(studio, job.public_id)
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert refusal(ada.api, body)[:2] == ("input.session_id", "expired")
    body["input"]["face_choose"][0]["sound_file"] = upload(charlie.api, media.mp3(3))
    assert refusal(charlie.api, body)[:2] == ("input.session_id", "not_found")


def test_a_result_that_was_deleted_meanwhile_is_not_sent_as_an_id(
    ada: Person, studio: Studio, simulator: RunningSimulator
) -> None:
    answer = created(ada.api, lip_sync(studio, video_id=PROVIDERS_ID))
    deleted = ada.api.delete(f"/generations/{studio.film.generation.public_id}")
    assert deleted.status_code == 204
    job = finish(answer["id"])
    assert (job.state, job.charged, job.hold.state) == (State.FAILED, 0, "released")
    assert "deleted" in job.error_message
    assert simulator.submissions() == []
