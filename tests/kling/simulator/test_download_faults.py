"""Each scripted fault of a download does on the wire what it says."""

from __future__ import annotations

import time

import pytest
import requests

from kling.simulator.server import RunningSimulator

from .caller import AUDIO, TUNE, Caller


@pytest.fixture
def caller(simulator: RunningSimulator) -> Caller:
    return Caller(simulator, "cometapi")


def finished_link(caller: Caller, name: str = "url_mp3") -> str:
    task = caller.finished(AUDIO, caller.create(AUDIO, TUNE))
    return str(task["task_result"]["audios"][0][name])


@pytest.mark.parametrize("times", [1, None])
def test_it_denies_a_file_once_or_always(caller: Caller, times: int | None) -> None:
    url = finished_link(caller)
    caller.simulator.faults.add("download", "status", value=403, times=times)
    answers = [requests.get(url, timeout=10).status_code for _ in range(3)]
    assert answers == ([403, 403, 403] if times is None else [403, 200, 200])


def test_it_cuts_a_file_in_the_middle(caller: Caller) -> None:
    url = finished_link(caller)
    caller.simulator.faults.add("download", "cut")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(url, timeout=10)


@pytest.mark.parametrize(("value", "told"), [(0.5, 0.5), (2, 2)])
def test_it_lies_about_the_length(caller: Caller, value: float, told: float) -> None:
    url = finished_link(caller)
    size = len(requests.get(url, timeout=10).content)
    caller.simulator.faults.add("download", "lying_length", value=value)
    answer = requests.get(url, timeout=10, stream=True)
    assert int(answer.headers["Content-Length"]) == int(size * told)
    if told < 1:
        # Short of the truth the transfer looks whole: only the file itself can show it.
        assert len(answer.content) == int(size * told)
    else:
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            answer.content  # noqa: B018


def test_it_sends_html_for_a_file(caller: Caller) -> None:
    url = finished_link(caller)
    caller.simulator.faults.add("download", "html")
    answer = requests.get(url, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")


def test_it_redirects_to_a_private_address(caller: Caller) -> None:
    url = finished_link(caller)
    caller.simulator.faults.add("download", "redirect")
    answer = requests.get(url, timeout=10, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://10.0.0.1/internal")


def test_it_drips(caller: Caller) -> None:
    url = finished_link(caller)
    caller.simulator.faults.add("download", "drip", value=1000)
    began = time.monotonic()
    with requests.get(url, timeout=10, stream=True) as answer:
        answer.raw.read(300)
    assert time.monotonic() - began > 0.25


def test_it_sends_more_than_anybody_wants(caller: Caller) -> None:
    url = finished_link(caller)
    caller.simulator.faults.add("download", "huge", value=10**12)
    with requests.get(url, timeout=10, stream=True) as answer:
        assert answer.headers["Content-Length"] == str(10**12)
        assert len(answer.raw.read(1_000_000)) == 1_000_000


def test_it_drops_a_download(caller: Caller) -> None:
    url = finished_link(caller)
    caller.simulator.faults.add("download", "drop")
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=10)
