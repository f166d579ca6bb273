from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation, installation, shared_folder
from tests.kling_saas.test_processes import free_port


@pytest.fixture
def installed(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    shared, port = shared_folder(tmp_path_factory), str(free_port())
    with installation(tmp_path / "var", shared=shared, PORT=port) as made:
        yield made
