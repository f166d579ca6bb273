"""Files in the studio's forms: sent with the form, kept through errors, used again."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from generations.models import Asset, Generation, ProviderAccount, Upload
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations import media
from tests.generations.media_server import MediaServer, whole
from tests.generations.pages import Form, open_studio
from tests.working import finish

pytestmark = pytest.mark.django_db

FRAME = "input__image__file"


@pytest.fixture
def official(db: None, simulator: RunningSimulator) -> ProviderAccount:
    return make_account(simulator.url, dialect="official")


def picture(name: str = "fox.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, media.flat_png(640, 640), "image/png")


def text(response: Any) -> str:
    return html.unescape(response.content.decode())


def put(person: Person, file: SimpleUploadedFile, field: str, operation: str) -> Any:
    body = {"operation": operation, "field": field, "file": file}
    return person.browser.post("/studio/uploads", body)


def test_it_keeps_a_file_that_comes_with_the_form(ada: Person, official: ProviderAccount) -> None:
    response = open_studio(ada.browser, "image-to-video").send(
        ada.browser, input__image__file=picture(), input__prompt="She smiles"
    )
    assert response.status_code == 302, text(response)
    upload = Upload.objects.get()
    assert Generation.objects.get().input["image"] == upload.public_id
    assert (upload.filename, upload.workspace) == ("fox.png", ada.workspace)


def test_it_keeps_files_through_an_error(ada: Person, official: ProviderAccount) -> None:
    form = open_studio(ada.browser, "image-to-video")
    refused = form.send(ada.browser, **{FRAME: picture()}, input__prompt="x" * 2501)
    assert (refused.status_code, Generation.objects.count()) == (422, 0)
    upload = Upload.objects.get()
    page = text(refused)
    assert f'data-piece="{upload.public_id}"' in page
    assert f'src="/uploads/{upload.public_id}/content"' in page
    mended = Form(refused).send(ada.browser, input__prompt="She smiles")
    assert mended.status_code == 302, text(mended)
    assert Generation.objects.get().input["image"] == upload.public_id
    assert Upload.objects.count() == 1


def test_it_keeps_the_other_file_when_one_is_refused(
    ada: Person, official: ProviderAccount
) -> None:
    form = open_studio(ada.browser, "image-to-video")
    broken = SimpleUploadedFile("notes.png", b"no picture at all", "image/png")
    refused = form.send(
        ada.browser, **{FRAME: picture(), "input__image_tail__file": broken}, input__prompt="Go"
    )
    assert (refused.status_code, Upload.objects.count()) == (422, 1)
    page = text(refused)
    assert 'id="input-image_tail-error"' in page
    assert "This type of file cannot be used." in page
    assert Form(refused).values["input.image"] == Upload.objects.get().public_id


def test_it_names_the_missing_file(ada: Person, official: ProviderAccount) -> None:
    response = open_studio(ada.browser, "motion-control").send(ada.browser)
    page = text(response)
    assert response.status_code == 422
    assert '<a href="#input-image_url">Picture is required.</a>' in page
    assert '<a href="#input-video_url">Motion is required.</a>' in page


def test_it_takes_a_list_of_files(ada: Person, official: ProviderAccount) -> None:
    form = open_studio(ada.browser, "multi-image-to-image")
    assert "input.subject_image_list.3.subject_image.file" in form.files
    assert "input.subject_image_list.4.subject_image.file" not in form.files
    files = {
        f"input__subject_image_list__{place}__subject_image__file": picture() for place in (0, 2)
    }
    response = form.send(ada.browser, **files, input__prompt="Both at one table")
    assert response.status_code == 302, text(response)
    subjects = Generation.objects.get().input["subject_image_list"]
    assert [set(one) for one in subjects] == [{"subject_image"}, {"subject_image"}]


def test_it_uploads_while_the_page_is_open(ada: Person, official: ProviderAccount) -> None:
    response = put(ada, picture(), "image", "image-to-video")
    upload = Upload.objects.get()
    assert response.status_code == 201
    assert f'data-piece="{upload.public_id}"' in text(response)
    content = ada.browser.get(f"/uploads/{upload.public_id}/content")
    assert (content.status_code, content["Content-Type"]) == (200, "image/png")


@pytest.mark.parametrize(
    ("file", "status", "said"),
    [
        (SimpleUploadedFile("a.txt", b"words"), 415, "This type of file cannot be used."),
        (SimpleUploadedFile("a.mp3", media.mp3(3)), 415, "A picture is needed here: JPEG or PNG."),
        (SimpleUploadedFile("a.png", b""), 422, "The file is empty."),
    ],
)
def test_it_says_plainly_why_a_file_is_refused(
    ada: Person, official: ProviderAccount, file: SimpleUploadedFile, status: int, said: str
) -> None:
    response = put(ada, file, "image", "image-to-video")
    assert response.status_code == status
    assert said in text(response)
    assert response["Content-Type"].startswith("text/plain")
    assert Upload.objects.count() == 0


@pytest.mark.parametrize("field", ["prompt", "nothing", "image_list.0", ""])
def test_it_takes_files_only_for_fields_that_take_files(
    ada: Person, official: ProviderAccount, field: str
) -> None:
    assert put(ada, picture(), field, "image-to-video").status_code == 404
    assert put(ada, picture(), "image", "").status_code == 404
    assert Upload.objects.count() == 0


def test_it_makes_an_upload_of_a_link(
    ada: Person, official: ProviderAccount, host: MediaServer
) -> None:
    link = host.on("/fox.png", whole(media.flat_png(640, 640), "image/png"))
    body = {"operation": "image-to-video", "field": "image", "link": link}
    response = ada.browser.post("/studio/uploads", body)
    assert response.status_code == 201, text(response)
    assert f'data-piece="{Upload.objects.get().public_id}"' in text(response)
    for link, said in (("fox.png", "Paste a whole address"), (f"{host.url}/no.png", "fetched")):
        refused = ada.browser.post("/studio/uploads", {**body, "link": link})
        assert refused.status_code == 422
        assert said in text(refused)


def test_it_hides_files_from_others(
    ada: Person, charlie: Person, official: ProviderAccount
) -> None:
    put(ada, picture("secret.png"), "image", "image-to-video")
    upload = Upload.objects.get().public_id
    assert charlie.browser.get(f"/uploads/{upload}/content").status_code == 404
    shelf = "/studio/image-to-video/choose?field=image"
    assert "secret.png" in text(ada.browser.get(shelf))
    assert "secret.png" not in text(charlie.browser.get(shelf))
    response = open_studio(charlie.browser, "image-to-video").send(
        charlie.browser, input__image=upload, input__prompt="Mine now"
    )
    assert (response.status_code, Generation.objects.count()) == (422, 0)
    assert "Not here any more" in text(response)


def test_it_offers_what_fits_a_field(ada: Person, official: ProviderAccount) -> None:
    put(ada, picture(), "image", "image-to-video")
    put(ada, SimpleUploadedFile("speech.mp3", media.mp3(5)), "sound_file", "avatar")
    assert "speech.mp3" in text(ada.browser.get("/studio/avatar/choose?field=sound_file"))
    assert "speech.mp3" not in text(ada.browser.get("/studio/avatar/choose?field=image"))
    voices = text(ada.browser.get("/studio/text-to-speech/choose?field=voice_id"))
    assert "Kling’s own" in voices
    assert 'data-piece="oversea_male1"' in voices


def make_picture(person: Person) -> Asset:
    form = open_studio(person.browser, "image")
    response = form.send(person.browser, input__prompt="A fox in the snow")
    assert response.status_code == 302, text(response)
    finish(response["Location"].rpartition("/")[2])
    return Asset.objects.get()


def test_it_takes_a_result_into_the_next_operation(ada: Person, official: ProviderAccount) -> None:
    asset = make_picture(ada)
    page = text(ada.browser.get(f"/generations/{asset.generation.public_id}"))
    found = dict(re.findall(r'href="/studio/([a-z-]+)/\?use=(ast_\w+)"', page))
    assert {"image-to-video", "avatar", "image", "motion-control"} <= found.keys()
    assert not {"text-to-video", "text-to-speech", "identify-face", "video-to-audio"} & found.keys()
    assert set(found.values()) == {asset.public_id}
    assert f"/studio/avatar/?use={asset.public_id}" in text(ada.browser.get("/gallery/"))
    form = open_studio(ada.browser, "image-to-video", use=asset.public_id)
    assert form.values["input.image"] == asset.public_id
    response = form.send(ada.browser, input__prompt="It runs")
    assert response.status_code == 302, text(response)
    assert Generation.objects.latest("pk").input["image"] == asset.public_id


def test_it_does_not_use_what_is_another_s(
    ada: Person, charlie: Person, official: ProviderAccount
) -> None:
    asset = make_picture(ada)
    for name in (asset.public_id, "ast_nothing", "ast_\0", "upl_1", "ä"):
        response = charlie.browser.get("/studio/image-to-video/", {"use": name})
        assert response.status_code == 404
    misplaced = ada.browser.get("/studio/text-to-speech/", {"use": asset.public_id})
    assert "has no use for a result of this kind" in text(misplaced)


def test_it_makes_again_with_the_same_files(ada: Person, official: ProviderAccount) -> None:
    form = open_studio(ada.browser, "image-to-video")
    sent = form.send(ada.browser, **{FRAME: picture()}, input__prompt="She smiles")
    past = sent["Location"].rpartition("/")[2]
    again = Form(ada.browser.get("/studio/", {"from": past}))
    assert again.action == "/studio/image-to-video/"
    assert again.values["input.image"] == Upload.objects.get().public_id
    assert again.send(ada.browser).status_code == 302


def test_it_puts_an_id_of_ours_into_the_field_for_files(
    ada: Person, official: ProviderAccount
) -> None:
    """An API may name a result in either field of a pair; a page has one."""
    asset = make_picture(ada)
    Asset.objects.update(kind="video", media_type="video/mp4", duration=5)
    values = {"video_id": asset.public_id}
    past = Generation.objects.latest("pk")
    Generation.objects.filter(pk=past.pk).update(operation="video-to-audio", input=values)
    form = Form(ada.browser.get("/studio/", {"from": past.public_id}))
    assert form.values["input.video_url"] == asset.public_id
    assert "input.video_id" not in form.values


def test_viewers_cannot_upload(ada: Person, charlie: Person, official: ProviderAccount) -> None:
    membership = ada.user.memberships.get()
    membership.role = "viewer"
    membership.save(update_fields=["role"])
    assert put(ada, picture(), "image", "image-to-video").status_code == 403
    assert Upload.objects.count() == 0
