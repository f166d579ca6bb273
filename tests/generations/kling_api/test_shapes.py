"""What each kind of operation answers has the fields and types that Kling prints."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from generations.models import Asset, Generation, ProviderAccount, Upload
from kling import operations
from kling.operations.custom_element import TAGS
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations.builders import make_storing, output, set_rates
from tests.generations.kling_api.conftest import KlingApi, refusal
from tests.generations.kling_api.shapes import differences
from tests.generations.whole_inputs import Files
from tests.kling.conftest import payload
from tests.kling.inputs import SMALLEST
from tests.working import finish

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("reachable")]
ELEMENTS = "general/advanced-custom-elements"
ELEMENT = SMALLEST["custom-element"] | {
    "element_voice_id": "genshin_vindi2",
    "tag_list": [{"tag_id": "o_103"}],
}
SERIES = {
    "prompt": "A fox",
    "model_name": "kling-v3-omni",
    "result_type": "series",
    "series_amount": 2,
    "watermark_info": {"enabled": True},
}


@pytest.fixture
def official(db: None, simulator: RunningSimulator) -> ProviderAccount:
    set_rates("custom-element")
    return make_account(simulator.url, dialect="official")


def answered(person: Person, operation: str, values: dict[str, Any]) -> dict[str, Any]:
    """The whole answer about a task that is done, asked for by its own name."""
    kling, path = KlingApi(person.api.key), operations.get(operation).path
    given = Files(person).filled(operation, values) | {"external_task_id": "fox-2"}
    finish(kling.create(path, given)["task_id"])
    return dict(kling.get(f"{path}/fox-2").json())


@pytest.mark.parametrize(
    ("operation", "given", "printed"),
    [
        ("omni-image", SERIES, "official_image_series"),
        ("custom-voice", SMALLEST["custom-voice"], "official_voice_created"),
        ("custom-element", ELEMENT, "official_element_with_pictures"),
        ("video-to-audio", SMALLEST["video-to-audio"], "official_video_to_audio_succeeded"),
        ("image-to-video", SMALLEST["image-to-video"], "official_video_with_watermark"),
    ],
)
def test_it_answers_as_kling_does(
    ada: Person, official: ProviderAccount, operation: str, given: dict[str, Any], printed: str
) -> None:
    assert differences(answered(ada, operation, given), payload(f"answers/{printed}")) == []


def test_it_names_the_video_that_was_extended(ada: Person, simulator: RunningSimulator) -> None:
    make_account(simulator.url, dialect="cometapi")
    answer = answered(ada, "video-extend", SMALLEST["video-extend"])
    assert differences(answer, payload("answers/official_video_extended")) == []
    parent = answer["data"]["task_info"]["parent_video"]
    assert parent["id"] == Asset.objects.earliest("pk").public_id


# --- elements ----------------------------------------------------------------------------
def element_of(person: Person, values: dict[str, Any] = ELEMENT) -> dict[str, Any]:
    [element] = answered(person, "custom-element", values)["data"]["task_result"]["elements"]
    return dict(element)


def test_an_element_says_what_it_was_made_from(ada: Person, official: ProviderAccount) -> None:
    element = element_of(ada)
    [other] = element["element_image_list"]["refer_images"]
    for link in (element["element_image_list"]["frontal_image"], other["image_url"]):
        answer = KlingApi().client.get("/" + link.split("/", 3)[3])
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert element["element_voice_info"]["voice_id"] == "genshin_vindi2"
    assert element["element_voice_info"]["owned_by"] == "kling"
    assert element["tag_list"] == [{"id": "o_103", "name": "animal", "description": ""}]
    assert element["owned_by"] == ada.workspace.public_id


def test_a_voice_of_the_workspace_goes_with_an_element(
    ada: Person, official: ProviderAccount
) -> None:
    made = answered(ada, "custom-voice", SMALLEST["custom-voice"])
    [voice] = made["data"]["task_result"]["voices"]
    Generation.objects.update(client_task_id=None)  # both would be called fox-2
    info = element_of(ada, ELEMENT | {"element_voice_id": voice["voice_id"]})["element_voice_info"]
    assert (info["voice_id"], info["voice_name"]) == (voice["voice_id"], "Fox")
    assert (info["owned_by"], bool(info["trial_url"])) == (ada.workspace.public_id, True)

    ada.api.delete(f"/generations/{made['data']['task_id']}")
    [again] = KlingApi(ada.api.key).get(ELEMENTS).json()["data"]
    [left] = again["task_result"]["elements"]
    assert left["element_voice_info"] == info | {"voice_name": "", "trial_url": ""}


def test_its_number_is_what_later_requests_take(
    ada: Person, charlie: Person, official: ProviderAccount, simulator: RunningSimulator
) -> None:
    number = element_of(ada)["element_id"]
    assert isinstance(number, int)
    body = {"prompt": "It runs", "element_list": [{"element_id": number}]}
    made = KlingApi(ada.api.key).create("images/generations", body)
    finish(made["task_id"])
    sent = json.loads(simulator.submissions()[-1]["body"])
    assert sent["element_list"] == [{"element_id": number}]
    # To everybody else it is a number like any other.
    stranger = KlingApi(charlie.api.key).post("images/generations", body)
    assert refusal(stranger) == (400, 1201)


def test_a_picture_that_was_deleted_is_left_out(ada: Person, official: ProviderAccount) -> None:
    element_of(ada)
    Upload.objects.all().delete()
    [again] = KlingApi(ada.api.key).get(ELEMENTS).json()["data"]
    [element] = again["task_result"]["elements"]
    assert element["element_image_list"]["frontal_image"]
    assert element["element_image_list"]["refer_images"] == []


def test_a_list_of_elements_asks_no_more_for_more_of_them(
    ada: Person, official: ProviderAccount
) -> None:
    kling, files, counts = KlingApi(ada.api.key), Files(ada), []
    given = files.filled("custom-element", ELEMENT)
    for place in range(3):
        found = output("", "element", provider_id=str(160 + place), details={"name": "Fox"})
        fields = {"operation": "custom-element", "model": "custom-element", "input": given}
        finish(make_storing(ada.workspace, official, found, task_id=str(place), **fields).public_id)
        with CaptureQueriesContext(connection) as asked:
            assert len(kling.get(ELEMENTS).json()["data"]) == place + 1
        counts.append(len(asked))
    # The first one notes the use of the key.
    assert counts[1] == counts[2]


def test_every_tag_has_a_name() -> None:
    schema = operations.get("custom-element").Input.model_json_schema()
    assert schema["$defs"]["Tag"]["properties"]["tag_id"]["enum"] == list(TAGS)
