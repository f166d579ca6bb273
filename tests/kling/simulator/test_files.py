"""Files that requests bring along: fetched or decoded, judged by what is in them."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import requests

from kling.simulator.server import RunningSimulator
from tests.generations.media_server import (
    Handler,
    MediaServer,
    Reply,
    cut,
    html,
    huge,
    redirect,
    status,
    whole,
)

from .caller import Caller, Maker
from .pieces import clip, picture, text, tune

EXPAND = "images/editing/expand"
COMPOSE = "images/multi-image2image"
VOICES = "general/custom-voices"
ELEMENTS = "general/advanced-custom-elements"
RATIOS = dict.fromkeys([f"{side}_expansion_ratio" for side in ("up", "down")], 0) | dict.fromkeys(
    [f"{side}_expansion_ratio" for side in ("left", "right")], 0.5
)
NOT_FETCHED = "Something went wrong when we tried to get the contents of the file."
SHAPE = "The resolution or aspect ratio of the input image is invalid"


@pytest.fixture
def caller(simulator: RunningSimulator) -> Caller:
    return Caller(simulator, "official")


def expanded(caller: Caller, image: str) -> dict[str, Any]:
    """The finished task of an image job with that picture."""
    return caller.finished(EXPAND, caller.create(EXPAND, RATIOS | {"image": image}))


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_it_takes_a_good_picture_in_base64_and_by_address(
    caller: Caller, host: MediaServer, form: str
) -> None:
    content = picture(form=form)
    for image in (text(content), host.on("/any.bin", whole(content))):
        assert expanded(caller, image)["task_status"] == "succeed"
    assert host.asked == ["/any.bin"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (picture(form="GIF"), "Image format is invalid"),
        (picture(form="WEBP"), "Image format is invalid"),
        (b"<html>not a picture</html>", "Image format is invalid"),
        (picture()[:60], "Image format is invalid"),
        (picture(299, 400), "Image pixel is invalid"),
        (picture(1000, 399), SHAPE),
        (picture(300, 300), ""),
        (picture(1000, 400), ""),
    ],
)
def test_it_judges_a_picture_by_its_content(
    caller: Caller, host: MediaServer, content: bytes, message: str
) -> None:
    for image in (text(content), host.on("/fox.png", whole(content, "image/png"))):
        task = expanded(caller, image)
        assert task["task_status_msg"] == message
        assert task["task_status"] == ("failed" if message else "succeed")
        assert (task["final_unit_deduction"] == "0") is bool(message)


def test_it_takes_text_that_is_no_base64_for_a_wrong_format(caller: Caller) -> None:
    assert expanded(caller, "A" * 17)["task_status_msg"] == "Image format is invalid"


@pytest.mark.parametrize(
    "reply", [status(404), status(500), cut(picture()), redirect("http://192.0.2.1/fox.png")]
)
def test_it_fails_a_task_whose_file_cannot_be_had(
    caller: Caller, host: MediaServer, reply: Any
) -> None:
    task = expanded(caller, host.on("/fox.png", reply))
    assert (task["task_status"], task["task_status_msg"]) == ("failed", NOT_FETCHED)


def test_it_fails_a_task_when_nobody_is_there(caller: Caller, closed_port: int) -> None:
    task = expanded(caller, f"http://127.0.0.1:{closed_port}/fox.png")
    assert task["task_status_msg"] == NOT_FETCHED


def test_it_follows_a_redirect_to_where_it_may_go(caller: Caller, host: MediaServer) -> None:
    host.on("/there", whole(picture()))
    assert expanded(caller, host.on("/here", redirect("/there")))["task_status"] == "succeed"


def test_it_judges_what_it_was_given_in_place_of_the_file(
    caller: Caller, host: MediaServer
) -> None:
    task = expanded(caller, host.on("/fox.png", html()))
    assert task["task_status_msg"] == "Image format is invalid"


def test_it_reads_no_more_than_a_field_takes(caller: Caller, host: MediaServer) -> None:
    large = picture() + bytes(10 * 1024 * 1024)
    task = expanded(caller, host.on("/fox.png", whole(large)))
    assert task["task_status_msg"] == "Image file size is invalid"
    assert expanded(caller, text(large))["task_status_msg"] == "Image file size is invalid"
    assert expanded(caller, host.on("/more.png", huge(10**10)))["task_status"] == "failed"


def test_it_answers_the_create_before_it_fetches(make_simulator: Maker, host: MediaServer) -> None:
    held = host.on("/slow.png", never(host))
    caller = Caller(make_simulator(), "official")
    task_id = caller.create(EXPAND, RATIOS | {"image": held})
    assert caller.state(EXPAND, task_id)["task_status"] in ("submitted", "processing")


def test_it_takes_invented_hosts_as_good(caller: Caller) -> None:
    assert expanded(caller, "https://example.invalid/x.png")["task_status"] == "succeed"


def test_it_fetches_from_everywhere_when_told(make_simulator: Maker) -> None:
    caller = Caller(make_simulator(fetch_files="all"), "official")
    task = expanded(caller, "https://example.invalid/x.png")
    assert task["task_status_msg"] == NOT_FETCHED


def test_it_fetches_nothing_when_told(make_simulator: Maker, host: MediaServer) -> None:
    caller = Caller(make_simulator(fetch_files="none"), "official")
    task = expanded(caller, host.on("/fox.png", status(404)))
    assert task["task_status"] == "succeed"
    assert host.asked == []


def test_it_can_be_told_while_it_runs(make_simulator: Maker, host: MediaServer) -> None:
    simulator = make_simulator(control=True)
    settings = f"{simulator.url}/_simulator/settings"
    answer = requests.post(settings, json={"fetch_files": "none"}, timeout=10)
    assert answer.json()["fetch_files"] == "none"
    assert requests.post(settings, json={"fetch_files": "some"}, timeout=10).status_code == 400
    task = expanded(Caller(simulator, "official"), host.on("/fox.png", status(404)))
    assert task["task_status"] == "succeed"
    assert "No address is fetched" in requests.get(simulator.url, timeout=10).text


def test_it_knows_no_other_way_to_fetch(make_simulator: Maker) -> None:
    with pytest.raises(ValueError, match="loopback, all, none"):
        make_simulator(fetch_files="some")


@pytest.mark.parametrize(
    "image",
    [
        "data:image/png;base64," + text(picture()),
        "upl_0123456789abcdef",
        "ast_0123456789abcdef",
        "ftp://example.invalid/fox.png",
        "fox.png",
        "",
        7,
    ],
)
def test_it_refuses_what_is_neither_address_nor_base64(caller: Caller, image: Any) -> None:
    answer = caller.post(EXPAND, RATIOS | {"image": image})
    assert (answer.status_code, answer.json()["code"]) == (400, 1201)
    assert "image" in answer.json()["message"]
    assert caller.simulator.tasks() == []


def test_it_refuses_base64_where_only_addresses_go(caller: Caller) -> None:
    body = {"voice_name": "Fox", "voice_url": text(tune(6))}
    answer = caller.post(VOICES, body)
    assert (answer.status_code, answer.json()["code"]) == (400, 1201)


@pytest.mark.parametrize(
    ("seconds", "message"),
    [(5, ""), (30, ""), (4.9, "Audio duration is invalid"), (30.5, "Audio duration is invalid")],
)
def test_it_judges_the_length_of_a_sound(
    caller: Caller, host: MediaServer, seconds: float, message: str
) -> None:
    url = host.on("/fox.wav", whole(tune(seconds)))
    task = caller.finished(VOICES, caller.create(VOICES, {"voice_name": "Fox", "voice_url": url}))
    assert task["task_status_msg"] == message


@pytest.mark.parametrize(
    ("seconds", "size", "message"),
    [
        (3, (1920, 1080), ""),
        (2, (1920, 1080), "Video duration is invalid"),
        (3, (1280, 720), "Video pixel is invalid"),
    ],
)
def test_it_judges_a_video(
    caller: Caller,
    host: MediaServer,
    tmp_path: Path,
    seconds: float,
    size: tuple[int, int],
    message: str,
) -> None:
    content = clip(tmp_path, seconds, width=size[0], height=size[1], loud=False)
    clips = {"refer_videos": [{"video_url": host.on("/fox.mp4", whole(content))}]}
    body = {
        "element_name": "Fox",
        "element_description": "A fox",
        "reference_type": "video_refer",
        "element_video_list": clips,
    }
    task = caller.finished(ELEMENTS, caller.create(ELEMENTS, body))
    assert task["task_status_msg"] == message


def test_it_takes_large_bodies_and_keeps_them_out_of_its_lists(caller: Caller) -> None:
    """Two pictures of 9 MB each are 25 MB of Base64."""
    grain = [text(picture() + bytes(9 * 1024 * 1024 + n)) for n in (1, 2)]
    body = {"subject_image_list": [{"subject_image": one} for one in grain]}
    assert caller.finished(COMPOSE, caller.create(COMPOSE, body))["task_status"] == "succeed"
    (task,) = caller.simulator.tasks()
    assert len(str(task["input"])) < 1000


def test_it_knows_the_verdict_after_a_restart(
    make_simulator: Maker, host: MediaServer, tmp_path: Path
) -> None:
    """A file that was not looked into before is looked into when somebody asks."""
    url = host.on("/fox.png", never(host))
    first = make_simulator(state=tmp_path / "kept")
    task_id = Caller(first, "official").create(EXPAND, RATIOS | {"image": url})
    first.stop()
    host.on("/fox.png", whole(picture(200, 200)))
    again = Caller(make_simulator(state=tmp_path / "kept"), "official")
    assert again.finished(EXPAND, task_id)["task_status_msg"] == "Image pixel is invalid"


def test_it_goes_on_with_the_state_of_an_older_one(make_simulator: Maker, tmp_path: Path) -> None:
    state = tmp_path / "old"
    state.mkdir()
    with contextlib.closing(sqlite3.connect(state / "simulator.sqlite3")) as older:
        older.execute(
            "CREATE TABLE task (task_id TEXT PRIMARY KEY, dialect TEXT, path TEXT, operation TEXT,"
            " media_kind TEXT, model TEXT, external_id TEXT, callback_url TEXT, fields TEXT,"
            " units TEXT, unit_type TEXT, slots INTEGER, plan TEXT, created_at REAL,"
            " processing_at REAL, ends_at REAL)"
        )
    caller = Caller(make_simulator(state=state), "official")
    assert expanded(caller, text(picture()))["task_status"] == "succeed"


def never(host: MediaServer) -> Reply:
    """The connection stays open without an answer."""

    def hold(handler: Handler) -> None:
        host.stopping.wait(30)

    return hold
