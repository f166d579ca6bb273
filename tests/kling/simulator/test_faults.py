"""Each scripted fault does on the wire what it says."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from kling.simulator.faults import KINDS
from kling.simulator.server import RunningSimulator

from .caller import AUDIO, CLIP, KEY, TUNE, VIDEO, Caller, Maker

BODY = TUNE | {"external_task_id": "mine"}


@pytest.fixture
def caller(simulator: RunningSimulator) -> Caller:
    return Caller(simulator, "cometapi")


# Submit.


@pytest.mark.parametrize("accepted", [False, True])
def test_it_drops_a_submit(caller: Caller, accepted: bool) -> None:
    caller.simulator.faults.add("submit", "drop", accepted=accepted)
    with pytest.raises(requests.ConnectionError):
        caller.post(AUDIO, BODY)
    assert len(caller.simulator.tasks()) == int(accepted)
    known = caller.get(f"{AUDIO}/mine").status_code == 200
    assert known is accepted
    assert caller.post(AUDIO, BODY).json()["code"] == (1201 if accepted else 0)


@pytest.mark.parametrize("accepted", [False, True])
def test_it_holds_a_submit_until_the_client_gives_up(caller: Caller, accepted: bool) -> None:
    caller.simulator.faults.add("submit", "hold", accepted=accepted, value=5)
    with pytest.raises(requests.ReadTimeout):
        caller.post(AUDIO, BODY, timeout=0.2)
    assert len(caller.simulator.tasks()) == int(accepted)


@pytest.mark.parametrize("accepted", [False, True])
@pytest.mark.parametrize(
    ("kind", "status", "kind_of_body"),
    [("http_500", 500, "text/plain"), ("html_502", 502, "text/html")],
)
def test_it_answers_a_submit_with_a_gateway_error(
    caller: Caller, kind: str, status: int, kind_of_body: str, accepted: bool
) -> None:
    caller.simulator.faults.add("submit", kind, accepted=accepted)
    answer = caller.post(AUDIO, BODY)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, kind_of_body)
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert len(caller.simulator.tasks()) == int(accepted)


@pytest.mark.parametrize("stage", ["submit", "query"])
def test_it_breaks_json_off(caller: Caller, stage: str) -> None:
    caller.simulator.faults.add(stage, "broken_json", accepted=True)
    if stage == "query":
        caller.create(AUDIO, BODY)
    answer = caller.post(AUDIO, BODY) if stage == "submit" else caller.get(f"{AUDIO}/mine")
    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (1002, 401),
        (1101, 429),
        (1102, 429),
        (1103, 403),
        (1302, 429),
        (1303, 429),
        (5000, 500),
        (5001, 503),
        (5002, 504),
    ],
)
def test_it_answers_with_any_code(caller: Caller, code: int, status: int) -> None:
    caller.simulator.faults.add("submit", "code", value=code)
    answer = caller.post(AUDIO, BODY)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert caller.simulator.tasks() == []
    assert caller.post(AUDIO, BODY).json()["code"] == 0


def test_it_answers_5000_after_it_accepted(caller: Caller) -> None:
    caller.simulator.faults.add("submit", "code", value=5000, accepted=True)
    assert caller.post(AUDIO, BODY).json()["code"] == 5000
    assert caller.get(f"{AUDIO}/mine").status_code == 200


def test_it_answers_1303_over_http_200(caller: Caller) -> None:
    caller.simulator.faults.add("submit", "code", value=1303, http=200)
    answer = caller.post(AUDIO, BODY)
    assert (answer.status_code, answer.json()["code"]) == (200, 1303)


def test_it_nests_an_error_as_cometapi_does(caller: Caller) -> None:
    caller.simulator.faults.add("submit", "nested_code", value=1201)
    answer = caller.post(AUDIO, BODY)
    assert "code" not in answer.json()
    assert answer.json()["data"]["data"]["code"] == 1201


# Query.


def test_it_forgets_a_task_for_n_queries(caller: Caller) -> None:
    caller.create(AUDIO, BODY)
    caller.simulator.faults.add("query", "not_found", times=2)
    codes = [caller.get(f"{AUDIO}/mine").json()["code"] for _ in range(3)]
    assert codes == [1201, 1201, 0]


def test_it_wraps_a_query_as_older_pages_show(caller: Caller) -> None:
    task_id = caller.create(AUDIO, BODY)
    caller.finished(AUDIO, task_id)
    caller.simulator.faults.add("query", "wrapped")
    outer = caller.get(f"{AUDIO}/{task_id}").json()
    assert (outer["code"], outer["data"]["status"]) == ("success", "SUCCESS")
    assert outer["data"]["data"]["data"]["task_status"] == "succeed"


@pytest.mark.parametrize("kind", ["drop", "html_502", "http_500"])
def test_it_breaks_a_query_and_the_next_one_works(caller: Caller, kind: str) -> None:
    caller.create(AUDIO, BODY)
    caller.simulator.faults.add("query", kind)
    try:
        broken = caller.get(f"{AUDIO}/mine").status_code >= 500
    except requests.ConnectionError:
        broken = True
    assert broken
    assert caller.get(f"{AUDIO}/mine").status_code == 200


def test_it_breaks_a_list_too(simulator: RunningSimulator) -> None:
    simulator.faults.add("query", "code", value=5000)
    assert Caller(simulator, "official").get(AUDIO).json()["code"] == 5000


# The task itself.


def test_it_scripts_how_a_task_ends(caller: Caller) -> None:
    caller.simulator.faults.add("task", "fail", value="Image pixel is invalid")
    caller.simulator.faults.add("task", "deduction", value="7", skip=1)
    first, second = (caller.finished(AUDIO, caller.create(AUDIO, TUNE)) for _ in range(2))
    assert (first["task_status"], first["task_status_msg"]) == ("failed", "Image pixel is invalid")
    assert (second["task_status"], second["final_unit_deduction"]) == ("succeed", "7")


@pytest.mark.parametrize("value", ["0.1", "99", "lots", None])
def test_it_scripts_the_deduction(caller: Caller, value: str | None) -> None:
    caller.simulator.faults.add("task", "deduction", value=value)
    task = caller.finished(AUDIO, caller.create(AUDIO, TUNE))
    assert task.get("final_unit_deduction") == value


# The script.


def test_it_strikes_only_what_matches(simulator: RunningSimulator) -> None:
    comet, official = Caller(simulator, "cometapi"), Caller(simulator, "official")
    fault = simulator.faults.add(
        "submit", "code", value=5001, dialect="cometapi", path=AUDIO, text="tin roof"
    )
    assert official.post(AUDIO, TUNE).json()["code"] == 0
    assert comet.post(VIDEO, CLIP).json()["code"] == 0
    assert comet.post(AUDIO, TUNE | {"prompt": "wind"}).json()["code"] == 0
    assert comet.post(AUDIO, TUNE).json()["code"] == 5001
    assert comet.post(AUDIO, TUNE).json()["code"] == 0
    assert fault.fired == 1


@pytest.fixture
def control(make_simulator: Maker) -> str:
    return f"{make_simulator(control=True).url}/_simulator"


def test_it_takes_a_script_over_http(control: str) -> None:
    script = [{"stage": "submit", "kind": "code", "value": 1302, "times": 2}]
    assert requests.post(f"{control}/faults", json=script, timeout=10).status_code == 201
    url = control.replace("_simulator", f"kling/v1/{AUDIO}")
    headers = {"Authorization": f"Bearer {KEY}"}

    def submit() -> int:
        return int(requests.post(url, json=BODY, headers=headers, timeout=10).json()["code"])

    assert [submit() for _ in range(3)] == [1302, 1302, 0]
    (fault,) = requests.get(f"{control}/faults", timeout=10).json()["faults"]
    assert fault["fired"] == 2
    assert requests.delete(f"{control}/faults", timeout=10).json() == {"faults": []}
    (task,) = requests.get(f"{control}/tasks", timeout=10).json()["tasks"]
    assert (task["external_task_id"], task["created"], task["posted"]) == ("mine", 1, 3)
    rows = requests.get(f"{control}/submissions", timeout=10).json()["submissions"]
    assert [row["outcome"] for row in rows] == ["fault code", "fault code", "accepted"]
    assert '"external_task_id": "mine"' in rows[0]["body"]


@pytest.mark.parametrize(
    "script",
    [
        {"stage": "submit", "kind": "explode"},
        {"stage": "lunch", "kind": "drop"},
        {"kind": "drop"},
        {"stage": "submit", "kind": "code", "value": "many"},
        {"stage": "task", "kind": "slow", "value": "nan"},
        {"stage": "submit", "kind": "drop", "often": 3},
        [{"stage": "submit", "kind": "drop"}, {"stage": "submit", "kind": "explode"}],
        "drop",
    ],
)
def test_it_refuses_a_script_that_it_cannot_play(control: str, script: Any) -> None:
    assert requests.post(f"{control}/faults", json=script, timeout=10).status_code == 400
    assert requests.get(f"{control}/faults", timeout=10).json() == {"faults": []}


def test_it_changes_settings_over_http(control: str) -> None:
    answer = requests.post(f"{control}/settings", json={"slots": 0}, timeout=10)
    assert answer.json()["slots"] == 0
    url = control.replace("_simulator", f"v1/{AUDIO}")
    headers = {"Authorization": f"Bearer {KEY}"}
    assert requests.post(url, json=TUNE, headers=headers, timeout=10).json()["code"] == 1303
    for wrong in ({"key": "mine"}, {"slots": "many"}, {"unique_external_ids": 1}):
        assert requests.post(f"{control}/settings", json=wrong, timeout=10).status_code == 400


def test_it_documents_every_kind() -> None:
    import kling.simulator.faults as module

    documented = module.__doc__ or ""
    assert all(f"`{kind}`" in documented for kinds in KINDS.values() for kind in kinds)
