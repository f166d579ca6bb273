"""A real browser before the real product: web, worker and simulator as `make run` starts them.

No ORM here: Playwright runs an event loop in this thread, and Django would refuse. What a test
wants to know it sees on the page.
"""

from __future__ import annotations

import json
import os
import socket
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Request, sync_playwright

from tests.installation import Installation, installation, shared_folder
from tests.waiting import wait_until

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
REQUIRED = os.environ.get("REQUIRE_BROWSER") == "1"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
]
EMAIL, PASSWORD = "ada@example.com", "a-long-enough-passphrase"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without Chromium these tests are left out by name, or fail where they are required."""
    browser = [item for item in items if item.get_closest_marker("browser")]
    if not browser or CHROMIUM.exists() or REQUIRED:
        return
    warnings.warn(
        f"{len(browser)} browser test(s) left out: there is no {CHROMIUM}. Install Chromium, or "
        "set REQUIRE_BROWSER=1 to let them fail.",
        stacklevel=1,
    )
    config.hook.pytest_deselected(items=browser)
    items[:] = [item for item in items if item not in browser]


@pytest.fixture
def chromium() -> Path:
    assert CHROMIUM.exists(), f"{CHROMIUM} is missing, and REQUIRE_BROWSER is set"
    return CHROMIUM


@pytest.fixture
def product(
    chromium: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Address of a running product in which Ada has 100 credits."""
    port = str(_free_port())
    shared = shared_folder(tmp_path_factory)
    with installation(tmp_path / "var", shared=shared, PORT=port, TIMER_SCALE="0.2") as made:
        made.manage(
            "create_workspace", "--name", "Ada's studio", "--owner", EMAIL,
            "--password", PASSWORD, "--credits", "100",
        )  # fmt: skip
        yield from _serving(made, f"http://127.0.0.1:{port}")


def _serving(made: Installation, address: str) -> Iterator[str]:
    process = made.start("serve")
    try:
        wait_until(lambda: _is_ready(address), seconds=60, what="the product is ready")
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def _is_ready(address: str) -> bool:
    try:
        return requests.get(f"{address}/readyz", timeout=5).ok
    except requests.ConnectionError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Window:
    """A page, and all that went on in it."""

    page: Page
    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("request", self._requested)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _requested(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob"):
            self.hosts.add(parts.netloc)

    def _said(self, message: ConsoleMessage) -> None:
        # Violations of the content policy come as errors too.
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def check_access(self) -> None:
        """No finding of axe, in light and in dark, on a desk and on a phone."""
        size = self.page.viewport_size
        for scheme in ("light", "dark"):
            for width in (1280, 360):
                self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                self.page.set_viewport_size({"width": width, "height": 800})
                found = Axe().run(self.page).response["violations"]
                brief = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
                assert not found, f"{self.page.url} {scheme} {width}: {json.dumps(brief, indent=1)}"
                wide = self.page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, f"{self.page.url} is {wide} wide on a screen of {width}"
        assert size is not None
        self.page.set_viewport_size(size)


@pytest.fixture
def window(chromium: Path, product: str) -> Iterator[Window]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        context = browser.new_context(base_url=product, viewport={"width": 1280, "height": 800})
        context.set_default_timeout(20_000)
        made = Window(context.new_page())
        made.listen()
        yield made
        browser.close()
