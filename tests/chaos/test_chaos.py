"""The short form of `make chaos`: every fault and every blow at least once, and then the books."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.chaos import judge
from tests.chaos.run import Size, started, unreliable_receiver
from tests.chaos.tampering import BROKEN
from tests.installation import shared_folder
from tests.kling_saas.test_processes import free_port

pytestmark = [pytest.mark.processes, pytest.mark.timeout(900)]

SHORT = Size(jobs=60, seed=1, backlog=60, pause=2.0, patience=10.0, workers=1, studios=1)


def test_nothing_is_lost_and_nothing_doubled(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ports = free_port(), free_port()
    with (
        started(SHORT, tmp_path, shared=shared_folder(tmp_path_factory), ports=ports) as run,
        unreliable_receiver(Random(SHORT.seed)) as receiver,
    ):
        report, found = run.go(receiver)
    report.show()
    assert report.is_clean
    # And the judge is not blind.
    assert {rule for rule, _ in BROKEN} == set(judge.RULES)
    for rule, tamper in BROKEN:
        assert list(rule(tamper(found))), f"{rule.__name__} sees nothing"
