"""Create, poll, download: each dialect in the shapes of its own pages."""

from __future__ import annotations

import io
from collections.abc import Callable

import av
import pytest
import requests

from kling.simulator.server import RunningSimulator
from tests.kling.conftest import payload

from .caller import AUDIO, CLIP, TUNE, VIDEO, Caller, Clock, Maker

DIALECTS = ("cometapi", "cloudsway", "official")
IMAGE_TO_VIDEO = "videos/image2video"


@pytest.fixture(params=DIALECTS)
def caller(request: pytest.FixtureRequest, simulator: RunningSimulator) -> Caller:
    return Caller(simulator, request.param)


def test_it_makes_a_clip_from_create_to_download(caller: Caller) -> None:
    item = caller.video()
    assert item["duration"] == "5.041"
    downloaded = requests.get(item["url"], timeout=10)
    assert downloaded.headers["Content-Type"] == "video/mp4"
    with av.open(io.BytesIO(downloaded.content)) as container:
        assert container.streams.video[0].codec_context.name == "h264"


def test_it_charges_the_units_of_the_request(caller: Caller) -> None:
    video = caller.finished(VIDEO, caller.create(VIDEO, CLIP))
    audio = caller.finished(AUDIO, caller.create(AUDIO, TUNE))
    assert (video["final_unit_deduction"], audio["final_unit_deduction"]) == ("3", "0.25")


def test_it_makes_audio_in_both_formats(caller: Caller) -> None:
    task = caller.finished(AUDIO, caller.create(AUDIO, TUNE))
    (item,) = task["task_result"]["audios"]
    assert (item["duration_mp3"], item["duration_wav"]) == ("3.0", "3.0")
    for name, kind in (("url_mp3", "audio/mpeg"), ("url_wav", "audio/wav")):
        answer = requests.get(item[name], timeout=10)
        assert answer.headers["Content-Type"] == kind
        with av.open(io.BytesIO(answer.content)) as container:
            samples = sum(frame.samples for frame in container.decode(audio=0))
        assert samples / 44_100 == pytest.approx(3, abs=0.1)


def test_it_answers_by_external_id_as_by_task_id(caller: Caller) -> None:
    task_id = caller.create(AUDIO, TUNE | {"external_task_id": "mine-1"})
    assert caller.state(AUDIO, "mine-1")["task_id"] == task_id
    assert caller.state(AUDIO, task_id)["task_id"] == task_id


@pytest.mark.parametrize("dialect", DIALECTS)
def test_it_gives_long_numeric_ids_and_milliseconds(make_simulator: Maker, dialect: str) -> None:
    data = Caller(make_simulator(time_scale=1.0), dialect).post(AUDIO, TUNE).json()["data"]
    assert data["task_id"].isdigit()
    assert len(data["task_id"]) == 18
    assert data["updated_at"] == data["created_at"] > 1_700_000_000_000


def test_it_keeps_the_id_of_one_endpoint_from_another(caller: Caller) -> None:
    task_id = caller.create(AUDIO, TUNE)
    answer = caller.get(f"{VIDEO}/{task_id}")
    assert (answer.status_code, answer.json()["code"]) == (400, 1201)


def test_it_keeps_the_dialects_apart(simulator: RunningSimulator) -> None:
    task_id = Caller(simulator, "cometapi").create(AUDIO, TUNE)
    assert Caller(simulator, "cloudsway").get(f"{AUDIO}/{task_id}").json()["code"] == 1201


def test_it_moves_from_submitted_over_processing_to_succeed(
    make_simulator: Maker, clock: Clock, wait_until: Callable[..., None]
) -> None:
    caller = Caller(make_simulator(clock=clock, time_scale=1), "cometapi")
    created = caller.post(AUDIO, TUNE).json()["data"]
    assert created["task_status"] == "submitted"
    task_id = created["task_id"]
    clock.now += 1
    processing = caller.state(AUDIO, task_id)
    assert (processing["task_status"], processing["task_result"]) == ("processing", {})
    assert "final_unit_deduction" not in processing
    clock.now += 2
    wait_until(lambda: caller.state(AUDIO, task_id)["task_status"] == "succeed")
    assert caller.state(AUDIO, task_id)["updated_at"] == pytest.approx(
        created["created_at"] + 3000, abs=2
    )


def test_it_answers_cometapi_audio_without_a_request_id(make_simulator: Maker) -> None:
    # At its own speed: sped up, the task may have moved on before the answer is written.
    caller = Caller(make_simulator(time_scale=1.0), "cometapi")
    created = caller.post(AUDIO, TUNE).json()
    assert set(created) == {"code", "message", "data"}
    assert set(created["data"]) == {
        "task_id",
        "task_status",
        "task_info",
        "created_at",
        "updated_at",
    }
    assert created["data"]["task_info"] == {}
    assert "request_id" in caller.post(VIDEO, CLIP).json()


def test_it_names_cometapi_audio_by_format_only(simulator: RunningSimulator) -> None:
    caller = Caller(simulator, "cometapi")
    (item,) = caller.finished(AUDIO, caller.create(AUDIO, TUNE))["task_result"]["audios"]
    assert "url" not in item


def test_it_writes_cloudsway_as_on_its_page(simulator: RunningSimulator) -> None:
    caller = Caller(simulator, "cloudsway")
    created = caller.post(VIDEO, CLIP).json()
    assert list(created) == ["code", "message", "data", "request_id"]
    assert created["data"]["task_status"] == "processing"
    assert created["data"]["task_result"] == {}
    assert created["data"]["task_info"] == {"parent_video": None}
    task = caller.finished(VIDEO, created["data"]["task_id"])
    assert set(task) == {
        "task_id",
        "task_status",
        "created_at",
        "updated_at",
        "task_status_msg",
        "task_info",
        "task_result",
        "final_unit_deduction",
    }
    (clip,) = task["task_result"]["videos"]
    assert list(clip) == ["id", "url", "duration", "watermark_url"]
    assert clip["watermark_url"] is None
    tune = caller.finished(AUDIO, caller.create(AUDIO, TUNE))
    assert tune["task_info"] == {}
    (sound,) = tune["task_result"]["audios"]
    assert (sound["url"], sound["duration"]) == (None, None)


def test_it_knows_both_names_that_cloudsway_gives_a_model(simulator: RunningSimulator) -> None:
    named = CLIP | {"model_name": "MaaS_KeLing_3.0_video"}
    Caller(simulator, "cloudsway").create(VIDEO, named)
    assert simulator.tasks()[0]["input"]["model_name"] == "kling-v3"
    assert Caller(simulator, "official").post(VIDEO, named).json()["code"] == 1201


def test_it_takes_the_example_of_cloudsways_image_to_video_page(
    simulator: RunningSimulator,
) -> None:
    """The page misspells the model, and shows what it was charged."""
    caller = Caller(simulator, "cloudsway")
    task_id = caller.create(IMAGE_TO_VIDEO, payload("requests/cloudsway_image_to_video"))
    assert caller.finished(IMAGE_TO_VIDEO, task_id)["final_unit_deduction"] == "6"


def test_it_writes_kling_with_the_external_id(simulator: RunningSimulator) -> None:
    caller = Caller(simulator, "official")
    created = caller.post(AUDIO, TUNE | {"external_task_id": "mine-2"}).json()
    assert list(created) == ["code", "message", "request_id", "data"]
    assert created["data"]["task_info"] == {"external_task_id": "mine-2"}


def test_it_lists_newest_first_on_the_official_dialect(simulator: RunningSimulator) -> None:
    caller = Caller(simulator, "official")
    assert caller.get(AUDIO).json()["data"] == []
    made = [caller.create(AUDIO, TUNE) for _ in range(3)]
    first, second = (
        [task["task_id"] for task in caller.get(f"{AUDIO}?pageNum={n}&pageSize=2").json()["data"]]
        for n in (1, 2)
    )
    assert first + second == sorted(made, reverse=True)


def test_it_reports_what_was_spent(simulator: RunningSimulator) -> None:
    caller = Caller(simulator, "official")

    def costs() -> dict[str, object]:
        answer = requests.get(
            f"{simulator.url}/account/costs?start_time=1&end_time=2",
            headers={"Authorization": f"Bearer {caller.key}"},
            timeout=10,
        )
        return dict(answer.json()["data"])

    assert costs() == {"code": 0, "msg": "success"}
    caller.create(AUDIO, TUNE)
    (pack,) = costs()["resource_pack_subscribe_infos"]  # type: ignore[misc]
    assert pack["remaining_quantity"] == pack["total_quantity"] - 0.25
