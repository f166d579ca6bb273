"""Ids of earlier results: good at the provider that made them, and for so long."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kling.simulator.server import RunningSimulator

from .caller import AUDIO, CLIP, TUNE, VIDEO, Caller, Clock, Maker
from .pieces import picture, text, tune

DAY = 86_400
FACES = "videos/identify-face"
SPEECH = "audio/tts"
VOICES = "general/custom-voices"
ELEMENTS = "general/advanced-custom-elements"
OMNI_IMAGE = "images/omni-image"
LIP_SYNC = "videos/advanced-lip-sync"
AVATAR = "videos/avatar/image2video"
DUB = "audio/video-to-audio"
SHORT = CLIP | {"duration": "3"}
FOX = {
    "element_name": "Fox",
    "element_description": "A red fox",
    "reference_type": "image_refer",
    "element_image_list": {
        "frontal_image": "https://example.invalid/front.png",
        "refer_images": [{"image_url": "https://example.invalid/side.png"}],
    },
}


@pytest.fixture
def caller(simulator: RunningSimulator) -> Caller:
    return Caller(simulator, "official")


def video_id(caller: Caller) -> str:
    return str(caller.video(duration="3")["id"])


def audio_id(caller: Caller) -> str:
    task = caller.finished(AUDIO, caller.create(AUDIO, TUNE))
    return str(task["task_result"]["audios"][0]["id"])


def refused(caller: Caller, path: str, body: object) -> str:
    answer = caller.post(path, body)
    assert (answer.status_code, answer.json()["code"]) == (400, 1201), answer.text
    return str(answer.json()["message"])


def test_it_knows_what_it_has_made(caller: Caller) -> None:
    clip = video_id(caller)
    faces = caller.post(FACES, {"video_id": clip}).json()["data"]
    assert [face["face_id"] for face in faces["face_data"]] == ["0", "1"]
    choice = {"face_id": "1", "audio_id": audio_id(caller), "sound_end_time": 3000}
    body = {"session_id": faces["session_id"], "face_choose": [choice]}
    task = caller.finished(LIP_SYNC, caller.create(LIP_SYNC, body))
    assert task["task_status"] == "succeed"
    assert float(task["task_result"]["videos"][0]["duration"]) == pytest.approx(3, abs=0.2)
    assert task["task_info"]["parent_video"]["id"] == clip


@pytest.mark.parametrize("wrong", ["871100000000000007", "1", "fox", "9" * 200])
def test_it_does_not_know_what_it_has_not_made(caller: Caller, wrong: str) -> None:
    assert refused(caller, FACES, {"video_id": wrong}) == "Video id not found"
    session = {"session_id": wrong, "face_choose": [{"face_id": "0", "audio_id": wrong}]}
    session["face_choose"][0]["sound_end_time"] = 3000
    assert refused(caller, LIP_SYNC, session) == "Session id not found"


def test_it_keeps_the_ids_of_its_dialects_and_kinds_apart(caller: Caller) -> None:
    foreign = Caller(caller.simulator, "cometapi").video()["id"]
    assert refused(caller, FACES, {"video_id": foreign}) == "Video id not found"
    assert refused(caller, FACES, {"video_id": audio_id(caller)}) == "Video id not found"


def test_it_does_not_know_what_is_not_done_or_has_failed(
    make_simulator: Maker, clock: Clock, wait_until: Callable[..., None]
) -> None:
    caller = Caller(make_simulator(clock=clock, time_scale=1), "official")
    ids = [caller.create(VIDEO, SHORT), caller.create(VIDEO, SHORT | {"prompt": "[fail] a fox"})]
    clock.now += 60
    wait_until(lambda: caller.state(VIDEO, ids[0])["task_status"] == "succeed")
    known = caller.state(VIDEO, ids[0])["task_result"]["videos"][0]["id"]
    failed = str(int(known) - int(ids[0]) + int(ids[1]))
    assert caller.post(FACES, {"video_id": known}).json()["code"] == 0
    assert refused(caller, FACES, {"video_id": failed}) == "Video id not found"
    early = caller.create(VIDEO, SHORT)
    running = str(int(known) - int(ids[0]) + int(early))
    assert refused(caller, FACES, {"video_id": running}) == "Video id not found"


def test_it_forgets_videos_after_30_days_and_sessions_after_one(
    make_simulator: Maker, clock: Clock, wait_until: Callable[..., None]
) -> None:
    caller = Caller(make_simulator(clock=clock, time_scale=1), "official")
    task_id = caller.create(VIDEO, SHORT)
    clock.now += 60
    wait_until(lambda: caller.state(VIDEO, task_id)["task_status"] == "succeed")
    known = caller.state(VIDEO, task_id)["task_result"]["videos"][0]["id"]
    session = caller.post(FACES, {"video_id": known}).json()["data"]["session_id"]
    choice = {"face_id": "0", "sound_file": "https://example.invalid/a.mp3", "sound_end_time": 2000}
    body = {"session_id": session, "face_choose": [choice]}
    clock.now += DAY - 60
    assert caller.post(LIP_SYNC, body).json()["code"] == 0
    clock.now += 120
    assert refused(caller, LIP_SYNC, body) == "Session id not found"
    clock.now += 29 * DAY - 300
    assert caller.post(FACES, {"video_id": known}).json()["code"] == 0
    clock.now += 300
    assert refused(caller, FACES, {"video_id": known}) == "Video id not found"


def test_it_holds_what_it_has_made_to_the_length_of_files(caller: Caller) -> None:
    """Of a second of speech no avatar is made, and for two seconds of video no sound."""
    speech = {"voice_id": "oversea_male1", "voice_language": "en"}
    heard = [
        caller.post(SPEECH, speech | {"text": words}).json()["data"]["task_result"]["audios"][0]
        for words in ("Hi.", "Good morning to all of you out here.")
    ]
    face = {"image": text(picture())}
    message = refused(caller, AVATAR, face | {"audio_id": heard[0]["id"]})
    assert message == "audio_id must have 2 to 300 seconds. It has 1."
    for sound, code in (({"audio_id": heard[1]["id"]}, 1201), ({"sound_file": text(tune(3))}, 0)):
        task = caller.finished(AVATAR, caller.create(AVATAR, face | sound))
        (video,) = task["task_result"]["videos"]
        assert caller.post(DUB, {"video_id": video["id"]}).json()["code"] == code, video


def test_it_knows_the_faces_of_a_session_only(caller: Caller) -> None:
    session = caller.post(FACES, {"video_id": video_id(caller)}).json()["data"]["session_id"]
    choice = {"face_id": "2", "sound_file": "https://example.invalid/a.mp3", "sound_end_time": 2000}
    body = {"session_id": session, "face_choose": [choice]}
    assert refused(caller, LIP_SYNC, body) == "Face id not found"


def test_it_wants_the_faces_identified_first(caller: Caller) -> None:
    choice = {"sound_file": "https://example.invalid/a.mp3", "sound_end_time": 2000}
    body = {"video_url": "https://example.invalid/a.mp4", "face_choose": [choice]}
    assert "identify-face" in refused(caller, LIP_SYNC, body)


def test_it_speaks_with_a_voice_that_it_has_learnt_until_that_is_deleted(caller: Caller) -> None:
    body = {"voice_name": "Fox", "voice_url": "https://example.invalid/fox.mp3"}
    task = caller.finished(VOICES, caller.create(VOICES, body))
    (voice,) = task["task_result"]["voices"]
    assert (voice["voice_name"], voice["owned_by"]) == ("Fox", "simulator")
    speech = {"text": "Hello", "voice_id": voice["voice_id"], "voice_language": "en"}
    assert caller.post(SPEECH, speech).json()["code"] == 0
    gone = caller.post("general/delete-voices", {"voice_id": voice["voice_id"]})
    assert gone.json()["code"] == 0
    assert refused(caller, SPEECH, speech) == "Voice id not found"
    again = {"voice_id": voice["voice_id"]}
    assert refused(caller, "general/delete-voices", again) == "Voice id not found"


def test_it_shows_an_element_that_it_has_learnt_until_that_is_deleted(caller: Caller) -> None:
    task = caller.finished(ELEMENTS, caller.create(ELEMENTS, FOX))
    (element,) = task["task_result"]["elements"]
    assert isinstance(element["element_id"], int)
    assert (element["element_name"], element["status"]) == ("Fox", "succeed")
    body = {"prompt": "A fox", "element_list": [{"element_id": element["element_id"]}]}
    assert caller.post(OMNI_IMAGE, body).json()["code"] == 0
    caller.post("general/delete-elements", {"element_id": str(element["element_id"])})
    assert refused(caller, OMNI_IMAGE, body) == "Element id not found"


def test_it_offers_the_voices_and_elements_of_kling(caller: Caller) -> None:
    speech = {"text": "Hello", "voice_id": "genshin_vindi2", "voice_language": "en"}
    assert caller.post(SPEECH, speech).json()["code"] == 0
    body = {"prompt": "A fox", "element_list": [{"element_id": 160}]}
    assert caller.post(OMNI_IMAGE, body).json()["code"] == 0
    unknown = speech | {"voice_id": "871100000000000007"}
    assert refused(caller, SPEECH, unknown) == "Voice id not found"


@pytest.mark.parametrize("body", [{}, [], {"voice": "1"}])
def test_it_deletes_nothing_that_is_not_named(caller: Caller, body: object) -> None:
    answer = caller.post("general/delete-voices", body)
    assert (answer.status_code, answer.json()["code"]) == (400, 1200)


def test_it_deletes_only_where_that_is_documented(simulator: RunningSimulator) -> None:
    comet = Caller(simulator, "cometapi")
    assert comet.post("general/delete-voices", {"voice_id": "1"}).status_code == 404


def test_it_extends_a_video_with_the_model_that_made_it(simulator: RunningSimulator) -> None:
    comet = Caller(simulator, "cometapi")
    old = {"model_name": "kling-v1-6", "mode": "std", "prompt": "a fox", "duration": "5"}
    parent = comet.finished(VIDEO, comet.create(VIDEO, old))
    (before,) = parent["task_result"]["videos"]
    body = {"video_id": before["id"], "task_id": parent["task_id"], "prompt": "it runs"}
    task = comet.finished("videos/video-extend", comet.create("videos/video-extend", body))
    assert task["task_info"]["parent_video"]["id"] == before["id"]
    assert task["final_unit_deduction"] == "2"
    length = float(task["task_result"]["videos"][0]["duration"])
    assert length == pytest.approx(5 + 4.5, abs=0.2)
    again = {"video_id": task["task_result"]["videos"][0]["id"], "task_id": task["task_id"]}
    assert comet.post("videos/video-extend", again).json()["code"] == 0
    new = comet.video(duration="5")
    wrong = comet.post("videos/video-extend", {"video_id": new["id"], "task_id": "1"})
    assert wrong.json()["code"] == 1201
