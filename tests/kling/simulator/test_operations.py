"""Every operation, in every dialect that serves it, from the client's submit to the file."""

from __future__ import annotations

import pytest

from kling import operations
from kling.simulator.server import RunningSimulator
from tests.kling.inputs import SERVED

from .pieces import Jobs, probed

FILES_OF = {"video": {"video"}, "image": {"image"}, "audio": {"audio"}, "faces": {"image"}}


@pytest.mark.parametrize(("name", "dialect"), SERVED)
def test_it_runs_from_submit_to_file(simulator: RunningSimulator, name: str, dialect: str) -> None:
    task = Jobs(simulator, dialect).done(name)
    assert task.status == "succeed", task.message
    assert task.outputs
    operation = operations.get(name)
    result = operation.result_kind or operation.media_kind
    kinds = {output.kind for output in task.outputs}
    assert kinds == (FILES_OF.get(result, {result}) | extra(name))
    for output in task.outputs:
        check(output.kind, probed(output))
    (kept,) = [one for one in simulator.tasks() if one["path"] == operation.path][-1:]
    assert task.unit_deduction == kept["units"]


def extra(name: str) -> set[str]:
    """Besides the sound, the video that it was made for."""
    return {"video"} if name == "video-to-audio" else set()


def check(kind: str, found: dict[str, float]) -> None:
    if kind in ("video", "audio", "voice"):
        assert found["seconds"] >= 1
    if kind in ("video", "image", "element"):
        assert min(found["width"], found["height"]) >= 256
