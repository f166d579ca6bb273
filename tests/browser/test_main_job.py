"""The product's main job as a person does it: words in, a playing video out, and what it cost."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import EMAIL, PASSWORD, Window

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.timeout(280)]

PROMPT = "A lighthouse on a cliff at dusk, waves below"
# Keeps every status that the page shows, and is gone if the page is loaded anew.
WATCH_STATUS = """() => {
  window.seen = [];
  const look = () => {
    const badge = document.querySelector("#job .badge").textContent.trim();
    if (window.seen.at(-1) !== badge) window.seen.push(badge);
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  look();
}"""


def sign_in(page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/studio/")


def test_it_turns_a_prompt_into_a_playing_video(product: str, window: Window) -> None:
    page = window.page
    page.goto("/accounts/login/")
    window.check_access()
    sign_in(page)
    expect(page.locator("#balance")).to_have_text("100 credits")
    window.check_access()

    # The button says the price, and follows the settings, before anything is paid.
    expect(page.locator("#create")).to_have_text("Create for 3 credits")
    page.get_by_label("Prompt", exact=True).fill(PROMPT)
    page.get_by_role("radio", name="3 s", exact=True).check()
    page.get_by_role("group", name="Sound").get_by_role("radio", name="On").check()
    expect(page.locator("#create")).to_have_text("Create for 2.7 credits")
    expect(page.locator("#create")).to_be_enabled()
    page.locator("#create").click()

    page.wait_for_url("**/generations/gen_*")
    page.evaluate(WATCH_STATUS)
    expect(page.locator("#balance")).to_have_text("97.3 credits")
    video = page.locator("#job video")
    video.wait_for(timeout=200_000)
    seen = page.evaluate("window.seen")
    assert seen[-1] == "Ready"
    assert len(seen) >= 2, f"the page was made anew, or showed no progress: {seen}"

    play(page)
    expect(page.locator("#balance")).to_have_text("97.3 credits")
    expect(page.get_by_text("Saved and ready; 2.7 credits charged")).to_be_visible()
    assert page.locator("#announcer").inner_text().startswith("Ready")
    window.check_access()

    page.goto("/gallery/")
    poster = page.locator(".tile img")
    expect(poster).to_be_visible()
    assert poster.evaluate("image => image.complete && image.naturalWidth > 0")
    window.check_access()
    page.goto("/credits/")
    expect(page.get_by_text("97.3").first).to_be_visible()
    window.check_access()

    assert window.hosts == {urlsplit(product).netloc}
    assert window.complaints == []


def test_it_makes_another_one_after_going_back(product: str, window: Window) -> None:
    """One form makes one job, but somebody who comes back to it and sends it again means it."""
    page = window.page
    sign_in(page)
    page.goto("/studio/text-to-audio/")
    page.get_by_label("Prompt").fill("Rain on a roof")
    page.locator("#create").dblclick()
    page.wait_for_url("**/generations/gen_*")
    first = page.url
    page.go_back(wait_until="load")
    expect(page.get_by_label("Prompt")).to_have_value("Rain on a roof")
    page.locator("#create").click()
    page.wait_for_url("**/generations/gen_*")
    assert page.url != first
    page.goto("/gallery/")
    expect(page.locator(".tile")).to_have_count(2)
    assert window.complaints == []


def test_a_page_asks_once_for_all_of_its_jobs(product: str, window: Window) -> None:
    page = window.page
    sign_in(page)
    for prompt in ("A lighthouse at dusk", "A lighthouse at dawn"):
        page.goto("/studio/text-to-video/")
        page.get_by_label("Prompt", exact=True).fill(prompt)
        page.get_by_role("radio", name="3 s", exact=True).check()
        page.locator("#create").click()
        page.wait_for_url("**/generations/gen_*")
    with page.expect_request("**/live?*") as asked:
        page.goto("/gallery/")
    assert asked.value.url.count("job=") == 2
    expect(page.locator(".tile img")).to_have_count(2, timeout=200_000)
    assert window.complaints == []


def play(page: Page) -> None:
    """The video has pictures, a length, and its time goes on."""
    state = "() => document.querySelector('#job video').readyState >= 2"
    page.wait_for_function(state)
    assert page.evaluate("document.querySelector('#job video').duration") == pytest.approx(
        3, abs=0.3
    )
    page.evaluate(
        "() => { const v = document.querySelector('#job video'); v.muted = true; v.play() }"
    )
    page.wait_for_function("() => document.querySelector('#job video').currentTime > 0.3")


def test_it_refuses_in_the_page_and_keeps_the_words(product: str, window: Window) -> None:
    page = window.page
    sign_in(page)
    page.goto("/studio/text-to-audio/")
    page.get_by_label("Prompt").fill("rain " * 50)
    expect(page.locator("#input-prompt-count")).to_have_text("249 of 200")
    page.locator("#create").click()
    page.get_by_role("link", name="Prompt may have at most 200 characters.").click()
    expect(page.get_by_label("Prompt")).to_be_focused()
    expect(page.get_by_label("Prompt")).to_have_value("rain " * 50)
    window.check_access()

    # What the model cannot do is switched off, and says why.
    page.goto("/studio/text-to-video/")
    page.get_by_label("Model").select_option("kling-v2-6")
    expect(page.get_by_text("Kling 2.6 takes Pro 1080p only.")).to_be_visible()
    expect(page.get_by_role("radio", name="Pro 1080p")).to_be_checked()
    expect(page.get_by_role("radio", name="4K")).to_be_disabled()
    expect(page.locator("#create")).to_have_text("Create for 2.5 credits")

    page.get_by_label("Model").select_option("kling-v3")
    page.get_by_text("Several shots").first.click()
    page.get_by_role("switch", name="Several shots").check()
    page.get_by_label("Who plans the shots").select_option("customize")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("[data-row]:visible")).to_have_count(2)
    expect(page.locator("#create")).to_have_text("Create for 4 credits")
    window.check_access()
    assert window.hosts == {urlsplit(product).netloc}
