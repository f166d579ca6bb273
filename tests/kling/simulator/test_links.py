"""Media links: signed, expiring, with Range."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from kling.simulator.server import RunningSimulator

from .caller import AUDIO, TUNE, Caller, Clock, Maker


def link(simulator: RunningSimulator) -> str:
    caller = Caller(simulator, "cometapi")
    task = caller.finished(AUDIO, caller.create(AUDIO, TUNE))
    return str(task["task_result"]["audios"][0]["url_mp3"])


def test_it_needs_no_key_for_a_download(simulator: RunningSimulator) -> None:
    answer = requests.get(link(simulator), timeout=10)
    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) == len(answer.content) > 10_000


@pytest.mark.parametrize(
    ("wanted", "cut", "answered"),
    [
        ("bytes=0-99", slice(0, 100), "bytes 0-99/{size}"),
        ("bytes=100-", slice(100, None), "bytes 100-{last}/{size}"),
        ("bytes=-50", slice(-50, None), "bytes {tail}-{last}/{size}"),
        ("bytes=10-99999999", slice(10, None), "bytes 10-{last}/{size}"),
    ],
)
def test_it_serves_a_range(
    simulator: RunningSimulator, wanted: str, cut: slice, answered: str
) -> None:
    url = link(simulator)
    whole = requests.get(url, timeout=10).content
    answer = requests.get(url, headers={"Range": wanted}, timeout=10)
    size = len(whole)
    assert answer.status_code == 206
    assert answer.content == whole[cut]
    assert answer.headers["Content-Range"] == answered.format(
        size=size, last=size - 1, tail=size - 50
    )


def test_it_refuses_a_range_past_the_end(simulator: RunningSimulator) -> None:
    answer = requests.get(link(simulator), headers={"Range": "bytes=99999999-"}, timeout=10)
    assert answer.status_code == 416


@pytest.mark.parametrize("wanted", ["bytes=-", "lines=1-2", "bytes=1-2,5-6", "bytes=a-b"])
def test_it_sends_all_for_a_range_that_it_does_not_read(
    simulator: RunningSimulator, wanted: str
) -> None:
    answer = requests.get(link(simulator), headers={"Range": wanted}, timeout=10)
    assert answer.status_code == 200


def test_it_answers_head_without_a_body(simulator: RunningSimulator) -> None:
    answer = requests.head(link(simulator), timeout=10)
    assert int(answer.headers["Content-Length"]) > 10_000
    assert answer.content == b""


def test_it_lets_a_link_expire_and_gives_a_fresh_one(
    make_simulator: Maker, clock: Clock, wait_until: Callable[..., None]
) -> None:
    simulator = make_simulator(clock=clock, link_seconds=600)
    caller = Caller(simulator, "cometapi")
    task_id = caller.create(AUDIO, TUNE)
    clock.now += 10
    wait_until(lambda: caller.state(AUDIO, task_id)["task_status"] == "succeed")

    def fresh() -> str:
        return str(caller.state(AUDIO, task_id)["task_result"]["audios"][0]["url_mp3"])

    old = fresh()
    clock.now += 590
    assert requests.get(old, timeout=10).status_code == 200
    clock.now += 20
    assert requests.get(old, timeout=10).status_code == 403
    assert requests.get(fresh(), timeout=10).status_code == 200


def test_it_refuses_a_forged_link(simulator: RunningSimulator) -> None:
    url = link(simulator)
    base, _, query = url.partition("?")
    expires, _, signature = query.partition("&sig=")
    later = f"expires={int(expires.removeprefix('expires=')) + 3600}"
    other = base.replace(".mp3", ".wav")
    forged = [
        f"{base}?{later}&sig={signature}",
        f"{base}?{expires}&sig={'0' * 64}",
        f"{base}?{expires}",
        base,
        f"{other}?{query}",
        f"{base}?expires=soon&sig={signature}",
    ]
    assert [requests.get(one, timeout=10).status_code for one in forged] == [403] * len(forged)


def test_it_serves_nothing_beside_the_media(simulator: RunningSimulator) -> None:
    for path in ("/media/../simulator.sqlite3", "/media/%2e%2e/simulator.sqlite3", "/media/a/b"):
        assert requests.get(f"{simulator.url}{path}", timeout=10).status_code == 404


def test_it_names_the_public_address_in_links(make_simulator: Maker) -> None:
    simulator = make_simulator(public_url="https://sim.example.test/")
    assert link(simulator).startswith("https://sim.example.test/media/")
