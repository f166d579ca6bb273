"""Killed between any two steps of a job: held once, sent once, charged at most once.

The places are listed as in `test_buying`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from tests.kills.conftest import Travel, steps
from tests.webhooks.receiver import Receiver

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]

DELIVERED: dict[str, Any] = {
    "violations": [],
    "balance": "9.75",
    "held": "0",
    "jobs": [["succeeded", "captured"]],
    "assets": [2],
    "entries": [["capture", -250_000]],
    "tasks": [1],
    "told": [["generation.succeeded", "delivered"]],
}
TOLD = [["generation.failed", "delivered"]]
HELD = steps("""
    UPDATE accounts_apikey
    UPDATE billing_creditaccount
    INSERT billing_hold
    INSERT generations_generation
    INSERT generations_transition
    INSERT generations_idempotencykey
    COMMIT
""")

SENT = steps("""
    UPDATE worker_lease
    UPDATE generations_generation
    INSERT generations_transition
    COMMIT
    UPDATE worker_lease
    POST /v1/ai/video-endpoint/kling/audio/text-to-audio
    answer
    UPDATE generations_generation
    INSERT generations_transition
    COMMIT
""")
ASKED = steps("""
    UPDATE generations_generation
    COMMIT
    GET /v1/ai/video-endpoint/kling/audio/text-to-audio/{id}
    answer
    UPDATE generations_generation
    INSERT generations_transition
    UPDATE billing_creditaccount
    UPDATE billing_hold
""")
CHARGED = steps("""
    INSERT billing_entry
    INSERT django_q_ormq
    COMMIT
    UPDATE generations_usualduration
    COMMIT
    UPDATE generations_callbackhealth
    COMMIT
""")
ANNOUNCED = steps("""
    INSERT webhooks_message
    INSERT webhooks_delivery
    INSERT django_q_ormq
""")
RELEASED = steps("""
    COMMIT
    UPDATE generations_callbackhealth
    COMMIT
""")
STORED = steps("""
    UPDATE generations_generation
    UPDATE generations_generation
    GET /media/{id}/{id}.mp3
    answer
    GET /media/{id}/{id}.wav
    answer
    UPDATE generations_generation
    INSERT generations_transition
    INSERT generations_asset
    INSERT webhooks_message
    INSERT webhooks_delivery
    INSERT django_q_ormq
    COMMIT
""")
SENT_OUT = steps("""
    UPDATE webhooks_delivery
    INSERT webhooks_workspacesecret
    COMMIT
    POST /hook/told/{id}
    answer
    INSERT webhooks_attempt
    UPDATE webhooks_delivery
    COMMIT
""")
LOST = steps("""
    UPDATE generations_generation
    UPDATE generations_generation
    GET /no-such-file.mp4
    answer
    GET /v1/ai/video-endpoint/kling/videos/text2video/{id}
    answer
    INSERT generations_transition
    COMMIT
    UPDATE generations_generation
    INSERT generations_transition
    UPDATE billing_creditaccount
    INSERT billing_entry
    INSERT webhooks_message
    INSERT webhooks_delivery
    INSERT django_q_ormq
    COMMIT
""")


def test_a_job_is_created_once(travel: Travel) -> None:
    deaths = travel("job")
    assert deaths.places == HELD
    deaths.assert_all_end(DELIVERED)


def test_a_job_is_sent_and_charged_once(travel: Travel) -> None:
    deaths = travel("dispatched")
    assert deaths.places == SENT
    deaths.assert_all_end(DELIVERED)


def test_a_result_is_charged_and_stored_once(travel: Travel) -> None:
    deaths = travel("verdict")
    assert deaths.places == ASKED + CHARGED + STORED
    deaths.assert_all_end(DELIVERED)


def test_a_failed_job_is_released_once(travel: Travel) -> None:
    deaths = travel("failure")
    assert deaths.places == ASKED + ANNOUNCED + RELEASED
    released = {"jobs": [["failed", "released"]], "assets": [0], "entries": [], "told": TOLD}
    deaths.assert_all_end({**DELIVERED, "balance": "10", **released})


def test_an_end_is_told_in_one_message(travel: Travel, receiver: Receiver) -> None:
    """Sent again where it is not known whether it came: under the same id, by which it is known."""
    deaths = travel("told")
    assert deaths.places == SENT_OUT
    deaths.assert_all_end(DELIVERED)
    ids: dict[str, set[str]] = defaultdict(set)
    for received in receiver.received:
        if received.path.startswith("/hook/told/"):
            ids[received.path].add(received.headers["webhook-id"])
    assert [len(one) for one in ids.values()] == [1] * len(deaths.deaths)


def test_a_lost_result_is_refunded_once(travel: Travel) -> None:
    deaths = travel("loss")
    assert deaths.places == LOST
    refunded = [["capture", -2_000_000], ["refund", 2_000_000]]
    deaths.assert_all_end(
        {
            **DELIVERED,
            "balance": "10",
            "jobs": [["failed", "captured"]],
            "assets": [0],
            "entries": refunded,
            "tasks": [0],
            "told": TOLD,
        }
    )
