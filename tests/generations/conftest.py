from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generations.models import ProviderAccount
from kling.simulator.server import RunningSimulator
from tests.conftest import make_account
from tests.generations import media_server
from tests.generations.media_server import MediaServer


@pytest.fixture
def host() -> Iterator[MediaServer]:
    with media_server.running() as running:
        yield running


@pytest.fixture
def account(db: None, host: MediaServer) -> ProviderAccount:
    """A provider account whose provider is `host`."""
    return make_account(host.url, dialect="cometapi")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the default storage of the tests keeps its files."""
    return tmp_path / "media"


@pytest.fixture
def reachable(
    request: pytest.FixtureRequest, settings: Any, simulator: RunningSimulator, on_postgres: bool
) -> None:
    """On PostgreSQL the provider fetches films by our links, as it does of an installation.

    On SQLite server and worker would share one connection here, and each wait for the other.
    """
    if on_postgres:
        settings.SITE_URL = request.getfixturevalue("live_server").url
    else:
        simulator.settings.fetch_files = "none"
