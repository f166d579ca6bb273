"""Files in the studio as a person handles them: picture in, film out, and sound for the film."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Window
from tests.browser.test_main_job import sign_in
from tests.generations import media

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.timeout(280)]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "fox.png"
    path.write_bytes(media.flat_png(640, 640))
    return path


def test_it_goes_from_a_picture_to_a_film_with_sound(
    product: str, window: Window, picture: Path
) -> None:
    page = window.page
    sign_in(page)
    page.get_by_role("link", name="Image to video").click()
    page.locator("#input-image-file").set_input_files(picture)
    card = page.locator("#input-image [data-piece]")
    expect(card).to_contain_text("fox.png")
    expect(card).to_contain_text("640 × 640")
    shown = "image => image.complete && image.naturalWidth === 640"
    page.wait_for_function(f"() => ({shown})(document.querySelector('#input-image .piece img'))")
    window.check_access()

    # Another field can have what is here already.
    page.locator("#input-image_tail").get_by_role("button", name="From your files").click()
    page.locator("#shelf").get_by_role("button", name="fox.png").click()
    expect(page.locator("#input-image_tail [data-piece]")).to_contain_text("fox.png")
    page.locator("#input-image_tail").get_by_role("button", name="Remove fox.png").click()
    expect(page.locator("#input-image_tail [data-piece]")).to_have_count(0)

    page.get_by_label("Prompt", exact=True).fill("The fox runs")
    page.get_by_role("radio", name="3 s", exact=True).check()
    expect(page.locator("#create")).to_be_enabled()
    page.locator("#create").click()
    page.wait_for_url("**/generations/gen_*")
    page.locator("#job video").wait_for(timeout=100_000)

    page.locator("#job").get_by_text("Use this result").click()
    page.get_by_role("link", name="Video to audio").click()
    page.wait_for_url("**/studio/video-to-audio/?use=ast_*")
    expect(page.locator("#input-video_url [data-piece]")).to_contain_text("The fox runs")
    window.check_access()
    page.locator("#create").click()
    page.wait_for_url("**/generations/gen_*")
    page.locator("#job audio").wait_for(timeout=100_000)
    assert window.hosts == {urlsplit(product).netloc}
    assert window.complaints == []


def test_it_refuses_a_file_beside_its_field(product: str, window: Window, picture: Path) -> None:
    page = window.page
    sign_in(page)
    page.goto("/studio/omni-video/")
    page.locator("#input-video_list-0-video_url-file").set_input_files(picture)
    problem = page.locator("#input-video_list-0-video_url [data-file-error]")
    expect(problem).to_have_text(
        "This type of file cannot be used here. MP4 or MOV, at most 200 MB."
    )
    # Rows move up when one above them is taken away, and keep their files.
    page.get_by_role("button", name="Add").first.click()
    page.locator("#input-image_list-1-image_url-file").set_input_files(picture)
    expect(page.locator("#input-image_list-1-image_url [data-piece]")).to_be_visible()
    page.get_by_role("button", name="Remove pictures 1").click()
    expect(page.locator("#input-image_list-0-image_url [data-piece]")).to_be_visible()
    expect(page.locator("#input-image_list-1-image_url [data-piece]")).to_have_count(0)
    value = page.locator('[name="input.image_list.0.image_url"]')
    assert value.input_value().startswith("upl_")
    window.check_access()
    assert window.complaints == []
