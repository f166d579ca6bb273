"""What is made from files: their picture, their sound, their length, and the price of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kling.simulator.server import RunningSimulator
from tests.generations.media_server import MediaServer, whole

from .caller import VIDEO, Caller, until
from .pieces import BLUE, RED, clip, colours, downloaded, opened, picture, text, tune

IMAGE_VIDEO = "videos/image2video"
IMAGES = "images/generations"
OMNI_IMAGE = "images/omni-image"
OMNI_VIDEO = "videos/omni-video"
MOTION = "videos/motion-control"
LIP_SYNC = "videos/advanced-lip-sync"
FACES = "videos/identify-face"
DUB = "audio/video-to-audio"
AVATAR = "videos/avatar/image2video"


@pytest.fixture
def caller(simulator: RunningSimulator) -> Caller:
    return Caller(simulator, "official")


def done(caller: Caller, path: str, body: dict[str, Any]) -> dict[str, Any]:
    task = caller.finished(path, caller.create(path, body))
    assert task["task_status"] == "succeed", task
    return task


def near(found: tuple[int, int, int], wanted: tuple[int, int, int]) -> bool:
    return all(abs(one - other) < 40 for one, other in zip(found, wanted, strict=True))


@pytest.mark.parametrize("dialect", ["cometapi", "cloudsway", "official"])
def test_it_makes_a_video_from_the_picture(simulator: RunningSimulator, dialect: str) -> None:
    body = {"model_name": "kling-v3", "mode": "std", "duration": "5", "prompt": "Closer"}
    body["image"] = text(picture(600, 600, colour=RED))
    task = done(Caller(simulator, dialect), IMAGE_VIDEO, body)
    content = downloaded(task["task_result"]["videos"][0]["url"])
    assert near(colours(content), RED)
    with opened(content) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (720, 720)


def test_it_makes_different_pictures_from_one(caller: Caller, host: MediaServer) -> None:
    url = host.on("/fox.png", whole(picture(colour=BLUE)))
    body = {"model_name": "kling-v3", "prompt": "A fox", "image": url, "n": 2}
    first, second = done(caller, IMAGES, body)["task_result"]["images"]
    assert (first["index"], second["index"]) == (0, 1)
    assert near(colours(downloaded(first["url"])), BLUE)
    assert downloaded(first["url"]) != downloaded(second["url"])


def test_it_makes_a_series(caller: Caller) -> None:
    body = {"model_name": "kling-v3-omni", "prompt": "A fox", "resolution": "1k"}
    series = body | {"result_type": "series", "series_amount": 3}
    result = done(caller, OMNI_IMAGE, series)["task_result"]
    assert (result["result_type"], result["images"]) == ("series", [])
    assert [image["index"] for image in result["series_images"]] == [0, 1, 2]
    single = done(caller, OMNI_IMAGE, body | {"result_type": "single"})["task_result"]
    assert (single["result_type"], single["series_images"]) == ("single", [])
    assert len(single["images"]) == 1


def test_it_bills_whole_seconds_of_the_video_that_it_follows(
    caller: Caller, host: MediaServer, tmp_path: Path
) -> None:
    content = clip(tmp_path, 9.066, width=640, height=360)
    body = {
        "model_name": "kling-v2-6",
        "image_url": text(picture()),
        "video_url": host.on("/dance.mp4", whole(content)),
        "character_orientation": "video",
        "mode": "std",
    }
    task = done(caller, MOTION, body)
    assert task["final_unit_deduction"] == "4.5"
    (video,) = task["task_result"]["videos"]
    assert float(video["duration"]) == pytest.approx(9.1, abs=0.2)
    with opened(downloaded(video["url"])) as container:
        assert container.streams.audio
    silent = done(caller, MOTION, body | {"keep_original_sound": "no"})
    with opened(downloaded(silent["task_result"]["videos"][0]["url"])) as container:
        assert not container.streams.audio


def test_it_bills_five_seconds_of_a_video_that_it_has_not_seen(caller: Caller) -> None:
    body = {
        "model_name": "kling-v2-6",
        "image_url": text(picture()),
        "video_url": "https://example.invalid/dance.mp4",
        "character_orientation": "video",
        "mode": "std",
    }
    assert done(caller, MOTION, body)["final_unit_deduction"] == "2.5"


def test_it_refuses_a_dance_that_is_too_long_for_a_picture(
    caller: Caller, host: MediaServer, tmp_path: Path
) -> None:
    content = clip(tmp_path, 11, width=640, height=360, loud=False)
    body = {
        "model_name": "kling-v2-6",
        "image_url": text(picture()),
        "video_url": host.on("/dance.mp4", whole(content)),
        "character_orientation": "image",
        "mode": "std",
    }
    task = caller.finished(MOTION, caller.create(MOTION, body))
    assert task["task_status_msg"] == "Video duration is invalid"
    assert task["final_unit_deduction"] == "0"


def test_it_changes_a_video_as_long_as_it_is(
    caller: Caller, host: MediaServer, tmp_path: Path
) -> None:
    content = clip(tmp_path, 4.4, loud=False)
    video = {"video_url": host.on("/fox.mp4", whole(content)), "refer_type": "base"}
    body = {"model_name": "kling-v3-omni", "prompt": "Blue", "mode": "std", "video_list": [video]}
    task = done(caller, OMNI_VIDEO, body)
    assert task["final_unit_deduction"] == "3.6"
    length = float(task["task_result"]["videos"][0]["duration"])
    assert length == pytest.approx(4.4, abs=0.15)


@pytest.mark.parametrize("dialect", ["cometapi", "official"])
def test_it_lets_a_face_speak(
    simulator: RunningSimulator, host: MediaServer, tmp_path: Path, dialect: str
) -> None:
    caller = Caller(simulator, dialect)
    url = host.on("/ada.mp4", whole(clip(tmp_path, 6.2, loud=False)))
    faces = caller.post(FACES, {"video_url": url}).json()["data"]
    assert faces["final_unit_deduction"] == "0.05"
    for face in faces["face_data"]:
        assert face["start_time"] == 0
        assert face["end_time"] == pytest.approx(6250, abs=50)
        with opened(downloaded(face["face_image"])) as container:
            assert container.streams.video[0].width == 256
    choice = {"face_id": "0", "sound_file": text(tune(3.066)), "sound_end_time": 3066}
    body = {"session_id": faces["session_id"], "face_choose": [choice]}
    task = done(caller, LIP_SYNC, body)
    assert task["final_unit_deduction"] == "1"
    (video,) = task["task_result"]["videos"]
    assert float(video["duration"]) == pytest.approx(6.25, abs=0.1)
    with opened(downloaded(video["url"])) as container:
        levels = [max(bytes(frame.planes[0])) for frame in container.decode(audio=0)]
    second = len(levels) // 6
    assert max(levels[:second]) > 0
    assert max(levels[-second:]) == 0


def test_it_lists_every_operation(caller: Caller) -> None:
    body = {"model_name": "kling-v3", "prompt": "A fox", "n": 3}
    task_id = caller.create(IMAGES, body)
    caller.finished(IMAGES, task_id)
    (listed,) = caller.get(IMAGES).json()["data"]
    assert listed["task_id"] == task_id
    assert len(listed["task_result"]["images"]) == 3
    assert caller.get(VIDEO).json()["data"] == []


@pytest.mark.parametrize("dialect", ["cometapi", "official"])
def test_it_puts_a_sound_to_a_video(
    simulator: RunningSimulator, host: MediaServer, tmp_path: Path, dialect: str
) -> None:
    caller = Caller(simulator, dialect)
    url = host.on("/fox.mp4", whole(clip(tmp_path, 4, loud=False)))
    task = done(caller, DUB, {"video_url": url})
    assert task["final_unit_deduction"] == "0.25"
    parent = task["task_info"]["parent_video"]
    assert (parent["url"], float(parent["duration"])) == (url, pytest.approx(4, abs=0.1))
    (video,), (audio,) = task["task_result"]["videos"], task["task_result"]["audios"]
    assert video["id"] != audio["id"]
    for length in (video["duration"], audio["duration_mp3"], audio["duration_wav"]):
        assert float(length) == pytest.approx(4, abs=0.2)
    with opened(downloaded(video["url"])) as container:
        assert container.streams.audio
    # The one that it has just made, again.
    again = done(caller, DUB, {"video_id": video["id"]})
    assert again["task_info"]["parent_video"]["id"] == video["id"]


@pytest.mark.parametrize("dialect", ["cometapi", "official"])
def test_it_lets_a_picture_speak(simulator: RunningSimulator, dialect: str) -> None:
    caller = Caller(simulator, dialect)
    ada = {"image": text(picture(400, 600, colour=BLUE)), "mode": "std"}
    task = done(caller, AVATAR, ada | {"sound_file": text(tune(9.066))})
    assert task["final_unit_deduction"] == "3.6"
    (video,) = task["task_result"]["videos"]
    assert float(video["duration"]) == pytest.approx(9.066, abs=0.15)
    content = downloaded(video["url"])
    assert near(colours(content), BLUE)
    with opened(content) as container:
        assert container.streams.video[0].width == 720
        assert container.streams.audio


def test_it_lets_a_picture_say_what_it_has_spoken(caller: Caller) -> None:
    words = {"text": "Good morning. " * 5, "voice_id": "oversea_male1", "voice_language": "en"}
    (audio,) = caller.post("audio/tts", words).json()["data"]["task_result"]["audios"]
    body = {"image": text(picture()), "audio_id": audio["id"], "mode": "pro"}
    task = done(caller, AVATAR, body)
    assert float(task["final_unit_deduction"]) == pytest.approx(0.8 * 4)
    length = float(task["task_result"]["videos"][0]["duration"])
    assert length == pytest.approx(float(audio["duration"]), abs=0.1)


@pytest.mark.parametrize(("dialect", "message"), [("cometapi", True), ("official", False)])
def test_it_holds_each_dialect_to_its_own_length(
    simulator: RunningSimulator, dialect: str, message: bool
) -> None:
    """CometAPI's page ends at 60 seconds, Kling's at 300."""
    caller = Caller(simulator, dialect)
    spoken = text(tune(61))
    task_id = caller.create(AVATAR, {"image": text(picture()), "sound_file": spoken})
    if message:
        task = caller.finished(AVATAR, task_id)
        assert task["task_status_msg"] == "Audio duration is invalid"
    else:
        # Told before the minute of video is drawn, which takes its time.
        until(lambda: simulator.tasks()[0]["units"] == "24.4")
