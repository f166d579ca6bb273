"""What the provider says no to, and with which code."""

from __future__ import annotations

import threading
import time

import jwt
import pytest
import requests

from kling.simulator.server import RunningSimulator

from .caller import AUDIO, CLIP, KEY, TUNE, VIDEO, Caller, Maker


@pytest.fixture
def comet(simulator: RunningSimulator) -> Caller:
    return Caller(simulator, "cometapi")


@pytest.mark.parametrize(
    ("header", "code"),
    [(None, 1001), ("", 1001), ("Bearer ", 1001), ("Basic abc", 1001), ("Bearer wrong", 1002)],
)
@pytest.mark.parametrize("dialect", ["cometapi", "cloudsway", "official"])
def test_it_lets_no_stranger_in(
    simulator: RunningSimulator, dialect: str, header: str | None, code: int
) -> None:
    headers = {} if header is None else {"Authorization": header}
    url = Caller(simulator, dialect).url(AUDIO)
    answer = requests.post(url, json=TUNE, headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert simulator.tasks() == []


def test_it_takes_any_key_when_none_is_set(make_simulator: Maker) -> None:
    caller = Caller(make_simulator(key=None), "cometapi", key="whatever")
    assert caller.post(AUDIO, TUNE).status_code == 200


def _token(secret: str = "s" * 32, **claims: object) -> str:
    now = int(time.time())
    return jwt.encode({"iss": "ak", "exp": now + 86_400, "nbf": now - 5} | claims, secret)


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (_token(), 0),
        (_token(secret="x" * 32), 1000),
        (_token(iss="other"), 1002),
        (_token(nbf=time.time() + 43_200), 1003),
        (_token(exp=time.time() - 600), 1004),
        (KEY, 0),
        ("neither", 1002),
    ],
)
def test_it_checks_a_jwt_on_the_official_dialect(
    make_simulator: Maker, token: str, code: int
) -> None:
    simulator = make_simulator(access_key="ak", secret_key="s" * 32)
    assert Caller(simulator, "official", key=token).post(AUDIO, TUNE).json()["code"] == code


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"duration": "99"}, "duration"),
        ({"mode": "ultra"}, "mode"),
        ({"model_name": "kling-v99"}, "model_name"),
        ({"prompt": "x" * 501}, "prompt"),
        ({"prompt": ""}, "prompt"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_it_names_the_wrong_field(comet: Caller, fields: dict[str, str], named: str) -> None:
    answer = comet.post(VIDEO, CLIP | fields)
    assert (answer.status_code, answer.json()["code"]) == (400, 1201)
    assert named in answer.json()["message"]
    assert comet.simulator.tasks() == []


def test_it_holds_each_dialect_to_its_own_limits(simulator: RunningSimulator) -> None:
    long = {"prompt": "x" * 501}
    assert Caller(simulator, "cometapi").post(VIDEO, CLIP | long).json()["code"] == 1201
    assert Caller(simulator, "cloudsway").post(VIDEO, CLIP | long).json()["code"] == 0
    assert Caller(simulator, "cloudsway").post(VIDEO, CLIP | {"prompt": "x" * 2501}).json()[
        "code"
    ] == (1201)


@pytest.mark.parametrize("raw", [b"{", b"[]", b"", b'"text"', b"\xff"])
def test_it_refuses_what_is_not_an_object(comet: Caller, raw: bytes) -> None:
    answer = requests.post(
        comet.url(AUDIO), data=raw, headers={"Authorization": f"Bearer {KEY}"}, timeout=10
    )
    assert (answer.status_code, answer.json()["code"]) == (400, 1200)


def test_it_does_not_know_a_foreign_id(comet: Caller) -> None:
    answer = comet.get(f"{VIDEO}/nobody-s")
    assert answer.status_code == 400
    assert answer.json()["code"] == 1201
    assert answer.json()["message"] == "Task not found by id/external id: nobody-s"


def test_it_refuses_an_external_id_twice(comet: Caller) -> None:
    body = TUNE | {"external_task_id": "once"}
    comet.create(AUDIO, body)
    answer = comet.post(AUDIO, body)
    assert (answer.status_code, answer.json()["code"]) == (400, 1201)
    assert answer.json()["message"] == "External_task_id once already exists"
    (task,) = comet.simulator.tasks()
    assert (task["created"], task["posted"]) == (1, 2)


def test_it_takes_an_empty_external_id_as_none(comet: Caller) -> None:
    body = TUNE | {"external_task_id": "", "callback_url": ""}
    assert comet.create(AUDIO, body) != comet.create(AUDIO, body)


def test_it_accepts_one_of_many_at_the_same_moment(simulator: RunningSimulator) -> None:
    barrier, codes = threading.Barrier(8), []

    def submit() -> None:
        caller = Caller(simulator, "cometapi")
        barrier.wait()
        codes.append(caller.post(AUDIO, TUNE | {"external_task_id": "race"}).json()["code"])

    threads = [threading.Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [0] + [1201] * 7


def test_it_accepts_twice_where_the_account_is_pooled(make_simulator: Maker) -> None:
    simulator = make_simulator(unique_external_ids=False, lookup_by_external_id=False)
    caller = Caller(simulator, "cometapi")
    body = TUNE | {"external_task_id": "pooled"}
    assert caller.create(AUDIO, body) != caller.create(AUDIO, body)
    assert [task["created"] for task in simulator.tasks()] == [2, 2]
    assert caller.get(f"{AUDIO}/pooled").json()["code"] == 1201


def test_it_has_only_so_many_slots(make_simulator: Maker) -> None:
    simulator = make_simulator(slots=2)
    caller = Caller(simulator, "cometapi")
    body = TUNE | {"prompt": "[never] rain"}
    caller.create(AUDIO, body)
    caller.create(AUDIO, body)
    answer = caller.post(AUDIO, body)
    assert (answer.status_code, answer.json()["code"]) == (429, 1303)
    assert answer.json()["message"] == "parallel task over resource pack limit"
    # Another model and another account are counted apart.
    assert caller.post(VIDEO, CLIP).json()["code"] == 0
    assert Caller(simulator, "official").post(AUDIO, body).json()["code"] == 0


def test_it_frees_the_slot_when_the_task_ends(make_simulator: Maker) -> None:
    caller = Caller(make_simulator(slots=1), "cometapi")
    caller.finished(AUDIO, caller.create(AUDIO, TUNE))
    assert caller.post(AUDIO, TUNE).status_code == 200


def test_it_answers_a_wrong_path_in_the_dialect_of_the_gateway(comet: Caller) -> None:
    answer = comet.post("videos/text2vidio", CLIP)
    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "comet_api_error"
    official = Caller(comet.simulator, "official").post("videos/text2vidio", CLIP)
    assert (official.status_code, official.json()["code"]) == (404, 1203)


def test_it_lists_only_where_a_list_is_documented(simulator: RunningSimulator) -> None:
    assert Caller(simulator, "cometapi").get(AUDIO).status_code == 404
    assert Caller(simulator, "cloudsway").get(AUDIO).status_code == 404


@pytest.mark.parametrize("query", ["pageNum=0", "pageNum=1001", "pageSize=501", "pageSize=x"])
def test_it_refuses_a_page_out_of_range(simulator: RunningSimulator, query: str) -> None:
    assert Caller(simulator, "official").get(f"{AUDIO}?{query}").json()["code"] == 1201


def test_it_hides_the_control_interface_unless_asked(
    simulator: RunningSimulator, make_simulator: Maker
) -> None:
    assert requests.get(f"{simulator.url}/_simulator/tasks", timeout=10).status_code == 404
