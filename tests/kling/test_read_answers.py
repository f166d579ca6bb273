"""Answers of all dialects: what the providers' pages print, and every other shape seen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from kling import errors
from kling.complaints import Answer
from kling.envelope import parse_data, parse_task, parse_tasks
from kling.tasks import Output, Task, deduction, failure_kind
from tests.kling.conftest import PAYLOADS, payload


def task_in(name: str, **answer: Any) -> Task:
    return parse_task(Answer(payload(f"answers/{name}"), **answer))


@pytest.mark.parametrize(
    ("name", "task_id", "status", "request_id"),
    [
        (
            "cloudsway_text_to_audio_created",
            "871457979416604766",
            "submitted",
            "828f9782-d2e1-4550-a36d-e715ae2ae037",
        ),
        (
            "cloudsway_image_created",
            "868892585292099640",
            "submitted",
            "68329d65-ee21-4013-9aa6-f0bc2cc07744",
        ),
        (
            "cloudsway_image_to_video_created",
            "868890892747673686",
            "submitted",
            "e9eb1aff-f64a-40bf-b9a5-b9ff45adaa8e",
        ),
        (
            "cloudsway_text_to_video_created_processing",
            "868602593017598033",
            "processing",
            "ea45fa79-c2bf-4545-922f-5647c5d5218d",
        ),
        ("cometapi_text_to_audio_created", "861254119619698760", "submitted", None),
        ("official_created", "871100000000000001", "submitted", "req-fox-1"),
        ("newer_design_created", "933000000000000001", "submitted", "req-fox-6"),
        ("relay_bare_id", "2032000000000000002", "submitted", None),
    ],
)
def test_it_reads_a_created_task(
    name: str, task_id: str, status: str, request_id: str | None
) -> None:
    task = task_in(name)
    assert (task.task_id, task.status, task.request_id) == (task_id, status, request_id)
    assert task.outputs == ()
    assert task.unit_deduction is None
    assert not task.is_final


@pytest.mark.parametrize(
    ("name", "deducted", "host"),
    [
        ("cloudsway_text_to_video_succeeded", "6", "v1-fdl.kechuangai.com"),
        ("cloudsway_image_to_video_succeeded", "6", "v4-fdl.kechuangai.com"),
        ("official_video_with_watermark", "3", "media.example.net"),
        ("official_video_extended", "2", "media.example.net"),
        ("official_charged_from_balance", "5", "media.example.net"),
        ("official_lip_sync_in_a_list", None, "media.example.net"),
        ("relay_wrapped_succeeded", None, "media.example.net"),
        ("newer_design_succeeded", "3", "media.example.net"),
    ],
)
def test_it_reads_a_finished_video(name: str, deducted: str | None, host: str) -> None:
    task = task_in(name, asked="whatever")
    assert task.status == "succeed"
    assert task.is_final
    (video,) = task.outputs
    assert video.kind == "video"
    assert video.url.startswith(f"https://{host}/")
    assert video.provider_id
    assert video.duration in ("5.041", "9.6")
    assert task.unit_deduction == deducted


def test_it_reads_the_copy_with_a_watermark() -> None:
    marked = task_in("official_video_with_watermark").outputs[0]
    assert marked.watermark_url == "https://media.example.net/fox-mark.mp4"
    assert task_in("cloudsway_text_to_video_succeeded").outputs[0].watermark_url is None


def test_it_makes_two_outputs_of_mp3_and_wav() -> None:
    task = task_in("cloudsway_text_to_audio_succeeded")
    mp3, wav = task.outputs
    assert (mp3.kind, mp3.format, mp3.duration) == ("audio", "mp3", "3.056")
    assert (wav.kind, wav.format, wav.duration) == ("audio", "wav", "3.0")
    assert ".mp3?" in mp3.url
    assert ".wav?" in wav.url
    assert mp3.provider_id == wav.provider_id == "871457647265472604"
    assert deduction(task) == Decimal("0.25")


def test_it_reads_video_and_audio_of_one_task() -> None:
    task = task_in("official_video_to_audio_succeeded")
    assert [(out.kind, out.format) for out in task.outputs] == [
        ("video", "mp4"),
        ("audio", "mp3"),
        ("audio", "wav"),
    ]


def test_it_reads_speech_that_is_ready_at_once() -> None:
    task = task_in("official_speech_succeeded_at_once")
    assert task.status == "succeed"
    assert task.outputs == (
        Output(
            kind="audio",
            url="https://media.example.net/hello.mp3",
            provider_id="871100000000000004",
            duration="2.3",
            format="mp3",
        ),
    )


def test_it_reads_a_series_of_images() -> None:
    first, second = task_in("official_image_series").outputs
    assert (first.kind, first.index, first.watermark_url) == (
        "image",
        0,
        "https://media.example.net/0-mark.png",
    )
    assert (second.index, second.watermark_url) == (1, None)


def test_it_reads_null_lists_of_a_failed_image() -> None:
    task = task_in("cloudsway_image_failed")
    assert task.status == "failed"
    assert task.message == "Image format is invalid"
    assert task.outputs == ()
    assert deduction(task) == 0
    assert failure_kind(task) == "bad_media"


@pytest.mark.parametrize(
    ("name", "reason", "kind"),
    [
        ("official_failed_pixels", "Image pixel is invalid", "bad_media"),
        (
            "official_failed_risk_control",
            "Failure to pass the risk control system",
            "content_policy",
        ),
        ("relay_wrapped_failed", "upstream timeout", "other"),
        ("relay_single_url_failed", "content moderation failed", "content_policy"),
    ],
)
def test_it_says_why_a_task_failed(name: str, reason: str, kind: str) -> None:
    task = task_in(name)
    assert (task.status, task.message, failure_kind(task)) == ("failed", reason, kind)


def test_it_finds_files_that_could_not_be_fetched() -> None:
    text = "Something went wrong when we tried to get the contents of the file."
    assert failure_kind(Task("1", "failed", message=text)) == "fetch_failure"


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("relay_wrapped_not_started", "submitted"),
        ("relay_wrapped_running", "processing"),
        ("relay_wrapped_succeeded", "succeed"),
        ("relay_wrapped_failed", "failed"),
        ("relay_wrapped_unknown", "unknown"),
    ],
)
def test_it_keeps_the_relays_own_id(name: str, status: str) -> None:
    task = task_in(name, asked="2032000000000000001")
    assert task.task_id == "2032000000000000001"
    assert task.status == status


@pytest.mark.parametrize(
    ("name", "task_id", "form"),
    [
        ("relay_flat_succeeded", "flatfox1", "mp4"),
        ("relay_single_url_succeeded", "866000000000000001", "m4v"),
    ],
)
def test_it_reads_relays_with_a_single_url(name: str, task_id: str, form: str) -> None:
    task = task_in(name)
    assert (task.task_id, task.status) == (task_id, "succeed")
    assert [(out.kind, out.format) for out in task.outputs] == [("video", form)]


def test_it_reads_our_own_id() -> None:
    assert task_in("official_created").external_task_id == "fox-1"
    assert task_in("official_video_with_watermark").external_task_id is None
    assert task_in("callback_newer").external_task_id == "fox-1"


def test_it_reads_bare_callbacks() -> None:
    classic = task_in("callback_classic")
    assert (classic.task_id, classic.status) == ("871100000000000001", "succeed")
    assert (classic.unit_deduction, classic.external_task_id) == ("6", "fox-1")
    newer = task_in("callback_newer")
    assert (newer.task_id, newer.status) == ("933000000000000001", "succeed")


def test_it_picks_the_task_that_was_asked_for_out_of_a_list() -> None:
    task = task_in("official_list", asked="871100000000000005")
    assert (task.task_id, task.status) == ("871100000000000005", "processing")


def test_it_takes_nobody_elses_task_out_of_a_list() -> None:
    with pytest.raises(errors.Unparsable):
        task_in("official_list", asked="871100000000000077")


def test_it_reads_a_list() -> None:
    tasks = parse_tasks(Answer(payload("answers/official_list")))
    assert [(task.status, task.request_id) for task in tasks] == [
        ("succeed", "req-fox-4"),
        ("processing", "req-fox-4"),
    ]
    assert parse_tasks(Answer(payload("answers/official_list_empty"))) == ()
    with pytest.raises(errors.Unparsable):
        parse_tasks(Answer(payload("answers/official_created")))


def test_it_does_not_take_an_empty_list_for_an_unknown_task() -> None:
    # "Unknown" lets a job be sent again; an endless list of nothing must not.
    with pytest.raises(errors.Unparsable):
        task_in("official_list_empty", asked="fox-1")


def test_it_reads_costs() -> None:
    data = parse_data(Answer(payload("answers/official_costs")))
    assert data["resource_pack_subscribe_infos"][0]["remaining_quantity"] == 58.5
    assert parse_data(Answer(payload("answers/official_costs_without_packs")))["code"] == 0
    with pytest.raises(errors.ProviderRejected, match="start_time"):
        parse_data(Answer(payload("answers/official_costs_inner_error")))


@pytest.mark.parametrize(
    "name",
    [
        "official_costs",
        "newer_design_list_empty",
    ],
)
def test_it_finds_no_task_where_there_is_none(name: str) -> None:
    with pytest.raises(errors.Unparsable):
        task_in(name)


@pytest.mark.parametrize(
    "name",
    [
        "cometapi_video_to_audio_placeholder",
        "cometapi_text_to_video_placeholder",
        "cometapi_avatar_placeholder",
    ],
)
def test_it_takes_the_placeholders_of_a_page_for_an_error(name: str) -> None:
    with pytest.raises(errors.KlingError) as caught:
        task_in(name)
    assert caught.value.code == 123


def test_every_printed_answer_is_read_or_refused_in_our_own_words() -> None:
    names = sorted(path.stem for path in (PAYLOADS / "answers").glob("*.json"))
    assert len(names) > 50
    for name in names:
        try:
            words = task_in(name, asked="fox").task_id
        except errors.KlingError as error:
            words = error.message
        assert words
