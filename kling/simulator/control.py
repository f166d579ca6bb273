"""`/_simulator/…`: how a test in another process scripts faults and counts tasks.

| request | answer |
|---|---|
| `GET /_simulator/tasks` | every task with its status, external id and how often it was created |
| `GET /_simulator/submissions` | every POST with its body and outcome |
| `GET /_simulator/callbacks` | every callback sent |
| `GET`, `POST`, `DELETE /_simulator/faults` | list; add one object or a list; clear |
| `POST /_simulator/settings` | `slots`, `unique_external_ids`, `lookup_by_external_id`, |
| | `fetch_files` |
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from .faults import Fault
from .replies import Reply, json_reply
from .shelf import POLICIES

if TYPE_CHECKING:
    from .app import Simulator

PREFIX: Final = "/_simulator/"
CHANGEABLE: Final = ("slots", "unique_external_ids", "lookup_by_external_id", "fetch_files")


def answer(simulator: Simulator, method: str, path: str, body: bytes) -> Reply:
    name = path.removeprefix(PREFIX).rstrip("/")
    try:
        match method, name:
            case "GET", "tasks":
                return json_reply({"tasks": tasks(simulator)})
            case "GET", "submissions":
                return json_reply({"submissions": simulator.store.submissions()})
            case "GET", "callbacks":
                return json_reply({"callbacks": simulator.store.callbacks()})
            case "GET", "faults":
                return json_reply({"faults": simulator.faults.listed()})
            case "POST", "faults":
                return _add_faults(simulator, body)
            case "DELETE", "faults":
                simulator.faults.clear()
                return json_reply({"faults": []})
            case "POST", "settings":
                return _change(simulator, json.loads(body))
    except (ValueError, TypeError) as error:
        return json_reply({"error": str(error)}, status=400)
    return json_reply({"error": f"no {method} {path}"}, status=404)


def tasks(simulator: Simulator) -> list[dict[str, Any]]:
    """`created` counts the tasks of this external id; anything above 1 is a task paid twice."""
    now = simulator.settings.clock()
    found = simulator.store.all()
    created = Counter((task.dialect, task.external_id) for task in found if task.external_id)
    posted = Counter((row["dialect"], row["external_id"]) for row in simulator.store.submissions())
    return [
        {
            "task_id": task.task_id,
            "external_task_id": task.external_id,
            "dialect": task.dialect,
            "path": task.path,
            "status": task.status(now),
            "units": task.units,
            "deduction": task.deduction,
            "created": created.get((task.dialect, task.external_id), 1),
            "posted": posted[(task.dialect, task.external_id)] if task.external_id else 1,
            "callback_url": task.callback_url,
            "input": task.fields,
        }
        for task in found
    ]


def _add_faults(simulator: Simulator, body: bytes) -> Reply:
    given = json.loads(body)
    # All are read before any is added: half a script would make a test pass for a wrong reason.
    faults = [Fault.from_mapping(one) for one in (given if isinstance(given, list) else [given])]
    for fault in faults:
        simulator.faults.append(fault)
    return json_reply({"faults": simulator.faults.listed()}, status=201)


def _change(simulator: Simulator, values: dict[str, Any]) -> Reply:
    for name, value in values.items():
        if name not in CHANGEABLE:
            raise ValueError(f"{name} cannot be changed; can be: {', '.join(CHANGEABLE)}")
        if not _suits(name, value):
            raise ValueError(f"{name} cannot be {value!r}")
        setattr(simulator.settings, name, value)
    return json_reply({name: getattr(simulator.settings, name) for name in CHANGEABLE})


def _suits(name: str, value: object) -> bool:
    if name == "fetch_files":
        return value in POLICIES
    return isinstance(value, int | None if name == "slots" else bool)
