"""A file that cannot be had or used names its field; nothing is kept, held or sent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from generations.inputs import gathering
from generations.models import Generation, ProviderAccount, Upload
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations import media
from tests.generations.inputs.asking import encoded, film_of, picture, refusal, upload
from tests.generations.media_server import (
    MediaServer,
    Reply,
    cut,
    drip,
    html,
    huge,
    redirect,
    status,
    whole,
)

pytestmark = pytest.mark.django_db

BAD_FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "a film": (media.mp4, "unsupported_media_type"),
    "sound": (media.mp3, "unsupported_media_type"),
    "a picture of another type": (lambda: media.webp(320, 320), "unsupported_media_type"),
    "a page": (lambda: b"<!doctype html><title>No</title>" * 9, "unsupported_media_type"),
    "a drawing": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unsupported_media_type"),
    "cut off": (lambda: media.jpeg(320, 320)[:-900], "broken_file"),
    "noise in a picture": (lambda: picture()[:60] + bytes(200) + picture()[-12:], "broken_file"),
    "a bomb": (lambda: media.flat_png(9000, 9000), "broken_file"),
    "too small": (lambda: media.flat_png(320, 299), "too_small"),
    "too wide": (lambda: media.flat_png(1000, 399), "wrong_ratio"),
}
BAD_TEXTS: list[tuple[Any, str]] = [
    ("iVBORw0KGgoAAAANSUhEU*AAAAE=", "broken_file"),
    ("iVBORw0KGgoAAAANSUhEUgAAAAE", "broken_file"),  # its length is no multiple of four
    ("iVBORw0KGgoAAAAN====SUhEUgAA", "broken_file"),
    ("a picture of a lighthouse at dusk", "broken_file"),
    ("data:image/png;base64,aGVsbG8gd29ybGQ=", "unsupported_media_type"),
    ("data:image/png,hello", "not_allowed"),
    ("lighthouse.png", "not_allowed"),
    ("file:///etc/passwd", "not_allowed"),
    ("upl_nosuchupload", "not_found"),
    ("ast_nosuchresult", "not_found"),
    ("https://", "unsafe_address"),
    ("https://user:secret@example.com/a.png", "unsafe_address"),
    (7, "wrong_type"),
    (True, "wrong_type"),
    ({"url": "https://example.com/a.png"}, "wrong_type"),
    (["https://example.com/a.png"], "wrong_type"),
]
BAD_REPLIES: dict[str, tuple[Reply, str]] = {
    "404": (status(404), "fetch_failed"),
    "500": (status(500), "fetch_failed"),
    "a sign-in page": (html(), "unsupported_media_type"),
    "broken off": (cut(media.jpeg(320, 320)), "fetch_failed"),
    "huge": (huge(11 * 1024 * 1024), "too_large"),
    "endless redirects": (redirect("/a.png"), "fetch_failed"),
    "to another scheme": (redirect("file:///etc/passwd"), "unsafe_address"),
}


@pytest.fixture
def nothing_happens(ada: Person, simulator: RunningSimulator, cloudsway: ProviderAccount) -> Any:
    yield
    assert (Generation.objects.count(), Upload.objects.count()) == (0, 0)
    assert ada.api.get("/credits").json()["held"] == "0"
    assert simulator.submissions() == []


@pytest.mark.usefixtures("nothing_happens")
@pytest.mark.parametrize("name", BAD_FILES)
def test_it_refuses_a_file_that_is_not_what_the_page_asks_for(
    ada: Person, host: MediaServer, name: str
) -> None:
    make, code = BAD_FILES[name]
    url = host.on("/right-name.png", whole(make(), "image/png"))
    for image in (encoded(make()), url):
        for path in ("/generations", "/quotes"):
            field, found, message = refusal(ada.api, film_of(image), path=path)
            assert (field, found) == ("input.image", code)
            assert "image" in message


@pytest.mark.usefixtures("nothing_happens")
@pytest.mark.parametrize(("image", "code"), BAD_TEXTS, ids=lambda value: str(value)[:30])
def test_it_refuses_what_names_no_file(ada: Person, image: Any, code: str) -> None:
    field, found, _ = refusal(ada.api, film_of(image))
    assert (field, found) == ("input.image", code)


@pytest.mark.usefixtures("nothing_happens")
@pytest.mark.parametrize("name", BAD_REPLIES)
def test_it_says_why_an_address_gives_nothing(ada: Person, host: MediaServer, name: str) -> None:
    reply, code = BAD_REPLIES[name]
    field, found, _ = refusal(ada.api, film_of(host.on("/a.png", reply)))
    assert (field, found) == ("input.image", code)


@pytest.mark.usefixtures("nothing_happens")
def test_it_waits_only_so_long_for_all_addresses(
    ada: Person, host: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "FETCH_SECONDS", 0.4)
    slow = [host.on(f"/{name}.png", drip(bytes(1000))) for name in ("a", "b")]
    response = ada.api.post("/generations", film_of(slow[0], image_tail=slow[1]))
    errors = response.json()["errors"]
    assert [one["field"] for one in errors] == ["input.image", "input.image_tail"]
    assert {one["code"] for one in errors} == {"fetch_failed"}


@pytest.mark.usefixtures("nothing_happens")
@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/a.png",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/a.png",
        "https://[::1]/a.png",
        "https://printer.local/a.png",
        "http://example.com/a.png",
    ],
)
def test_it_fetches_nothing_from_inside(ada: Person, settings: Any, url: str) -> None:
    settings.FETCH_ALLOW_PRIVATE = False
    field, code, _ = refusal(ada.api, film_of(url))
    assert (field, code) == ("input.image", "unsafe_address")


@pytest.mark.usefixtures("nothing_happens")
def test_it_hides_what_other_workspaces_hold(ada: Person, charlie: Person) -> None:
    theirs = upload(charlie.api, picture())
    message = refusal(ada.api, film_of(theirs))[2]
    Upload.objects.all().delete()
    assert refusal(ada.api, film_of(theirs)) == ("input.image", "not_found", message)


@pytest.mark.usefixtures("nothing_happens")
def test_it_bounds_base64_before_it_is_decoded(ada: Person) -> None:
    text = encoded(picture()) + "A" * (14 * 1024 * 1024)
    assert refusal(ada.api, film_of(text))[:2] == ("input.image", "too_large")


@pytest.mark.usefixtures("nothing_happens")
def test_it_refuses_a_body_above_40_mb(ada: Person) -> None:
    response = ada.api.post("/generations", film_of("A" * (41 * 1024 * 1024)))
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


@pytest.mark.usefixtures("nothing_happens")
def test_it_refuses_more_files_than_any_operation_takes(ada: Person, host: MediaServer) -> None:
    url = host.on("/a.png", whole(picture()))
    values = {"prompt": "Many", "image_list": [{"image": f"{url}?{n}"} for n in range(40)]}
    field, code, _ = refusal(ada.api, {"operation": "omni-image", "input": values})
    assert (field, code) == ("input.image_list.32.image", "too_many")
    assert host.asked == []


@pytest.mark.usefixtures("nothing_happens")
def test_it_survives_any_depth(ada: Person) -> None:
    deep: Any = "x"
    for _ in range(400):
        deep = [deep]
    body = film_of(encoded(picture()), element_list=deep)
    response = ada.api.post("/generations", body)
    assert response.status_code in (400, 422)


@pytest.mark.parametrize(
    ("make", "code"),
    [(lambda: media.mp3(61), "out_of_range"), (lambda: media.mp3(1), "out_of_range")],
    ids=["too long", "too short"],
)
def test_it_measures_sound(
    ada: Person, simulator: RunningSimulator, make: Callable[[], bytes], code: str
) -> None:
    make_account(simulator.url, dialect="official")
    body = {
        "operation": "lip-sync",
        "input": {
            "video_url": upload(ada.api, media.mp4(seconds=3, width=720, height=720)),
            "face_choose": [{"sound_file": upload(ada.api, make())}],
        },
    }
    response = ada.api.post("/generations", body)
    assert response.status_code == 422, response.content
    named = {(one["field"], one["code"]) for one in response.json()["errors"]}
    assert ("input.face_choose.0.sound_file", code) in named
    assert simulator.submissions() == []


@pytest.mark.parametrize(("count", "code"), [(2, "too_many"), (3, "too_large")])
def test_it_fetches_only_so_much_for_one_request(
    ada: Person,
    simulator: RunningSimulator,
    host: MediaServer,
    settings: Any,
    count: int,
    code: str,
) -> None:
    make_account(simulator.url, dialect="official")
    film = media.mp4(seconds=3, width=720, height=720)
    settings.MAX_UPLOAD_BYTES = len(film)
    urls = [host.on(f"/{place}.mp4", whole(film, "video/mp4")) for place in range(count)]
    values = {"prompt": "A fox", "video_list": [{"video_url": url} for url in urls]}
    response = ada.api.post("/quotes", {"operation": "omni-video", "input": values})
    assert response.status_code == 422, response.content
    assert {one["code"] for one in response.json()["errors"]} == {code}


def test_it_leaves_threads_of_the_web_server_to_others(
    ada: Person, cloudsway: ProviderAccount, host: MediaServer
) -> None:
    body = film_of(host.on("/a.png", whole(picture())))
    with ExitStack() as slow:
        while gathering.places.acquire(blocking=False):
            slow.callback(gathering.places.release)
        response = ada.api.post("/generations", body)
        assert (response.status_code, response.json()["code"]) == (503, "storage_unavailable")
        assert "try again" in response.json()["detail"]
        assert ada.api.post("/generations", film_of(encoded(picture()))).status_code == 202
    assert host.asked == []
    assert ada.api.post("/generations", body).status_code == 202
