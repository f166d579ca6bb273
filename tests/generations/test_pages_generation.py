"""The page of one generation: follows the job, plays the result, explains what went wrong."""

from __future__ import annotations

import html

import pytest

from accounts.models import Role
from generations.models import Generation, ProviderAccount, State
from kling.simulator.server import RunningSimulator
from tests.accounts.conftest import join
from tests.conftest import Person
from tests.generations.pages import open_studio
from tests.working import finish, reach

pytestmark = pytest.mark.django_db


def ask(person: Person, prompt: str, operation: str = "text-to-audio", **changes: str) -> str:
    """Create through the studio; the id of the new generation."""
    form = open_studio(person.browser, operation)
    response = form.send(person.browser, input__prompt=prompt, **changes)
    assert response.status_code == 302, response.content
    return response["Location"].rpartition("/")[2]


def page(person: Person, public_id: str) -> str:
    response = person.browser.get(f"/generations/{public_id}")
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def test_it_shows_a_job_that_waits(ada: Person, cloudsway: ProviderAccount) -> None:
    public_id = ask(ada, "Rain on a roof")
    shown = page(ada, public_id)
    assert f'data-poll="/generations/{public_id}/status" data-ticket="' in shown
    assert '<li aria-current="step">Queued</li>' in shown
    assert f'href="/generations/{public_id}">' in shown  # to look again without JavaScript
    assert "Created; 0.25 credits set aside" in shown


def test_it_plays_the_video_from_our_own_host(ada: Person, cloudsway: ProviderAccount) -> None:
    public_id = ask(
        ada, "A lighthouse at dusk", "text-to-video", input__duration="3", price="9999999"
    )
    finish(public_id)
    asset = Generation.objects.get().assets.get()
    shown = page(ada, public_id)
    assert f'src="/assets/{asset.public_id}/content"' in shown
    assert f'poster="/assets/{asset.public_id}/poster"' in shown
    assert f'download="{public_id}-1.mp4"' in shown
    assert "Saved and ready; 1.8 credits charged" in shown
    assert "data-poll" not in shown
    content = ada.browser.get(f"/assets/{asset.public_id}/content", headers={"Range": "bytes=0-9"})
    assert content.status_code == 206


def test_it_plays_sound_once_and_offers_both_files(ada: Person, cloudsway: ProviderAccount) -> None:
    public_id = ask(ada, "Rain on a roof")
    finish(public_id)
    shown = page(ada, public_id)
    assert shown.count("<audio") == 1
    assert f'download="{public_id}-1.mp3"' in shown
    assert f'download="{public_id}-2.wav"' in shown


def test_it_explains_a_failure(ada: Person, cloudsway: ProviderAccount) -> None:
    public_id = ask(ada, "[fail] thunder")
    finish(public_id)
    shown = page(ada, public_id)
    assert "Another try, or a simpler prompt, often helps." in shown
    assert "In the provider’s words: “Failure to pass the risk control system" in shown
    assert "Nothing was charged." in shown


def test_it_explains_a_refusal(ada: Person, cloudsway: ProviderAccount) -> None:
    public_id = ask(ada, "[reject] thunder")
    finish(public_id)
    assert "Kling's rules do not allow this request." in page(ada, public_id)


def test_it_stays_calm_while_the_verdict_is_open(ada: Person, cloudsway: ProviderAccount) -> None:
    public_id = ask(ada, "[no-url] rain")
    reach(public_id, State.RECONCILING)
    shown = page(ada, public_id)
    assert "There is nothing you have to do." in shown
    assert '<li aria-current="step">Processing</li>' in shown


def test_it_marks_what_is_simulated(ada: Person, cloudsway: ProviderAccount) -> None:
    public_id = ask(ada, "Rain on a roof")
    assert ">Simulated<" not in page(ada, public_id)
    ProviderAccount.objects.update(simulated=True)
    assert ">Simulated<" in page(ada, public_id)


def test_it_gives_the_part_that_has_changed(ada: Person, cloudsway: ProviderAccount) -> None:
    public_id = ask(ada, "Rain on a roof")
    finish(public_id)
    changed = ada.browser.get(f"/generations/{public_id}/status")
    shown = changed.content.decode()
    assert changed.status_code == 200
    assert "<html" not in shown
    assert "<title>Ready: Rain on a roof · Kling Studio</title>" in shown  # of the tab, by htmx
    assert "<audio" in shown
    assert 'hx-swap-oob="innerHTML:#announcer"' in shown
    assert 'id="balance" hx-swap-oob="true"' in shown
    assert "99.75" in shown


def test_it_updates_a_small_picture_too(ada: Person, cloudsway: ProviderAccount) -> None:
    public_id = ask(ada, "Rain on a roof")
    finish(public_id)
    shown = ada.browser.get(f"/generations/{public_id}/status", {"as": "tile"}).content.decode()
    assert f'id="tile-{public_id}"' in shown
    assert "data-poll" not in shown


def test_it_shows_times_in_the_reader_s_zone(ada: Person, cloudsway: ProviderAccount) -> None:
    public_id = ask(ada, "Rain on a roof")
    Generation.objects.update(created_at="2026-01-10T23:30Z")
    ada.user.time_zone = "Asia/Tokyo"
    ada.user.save(update_fields=["time_zone"])
    assert "11 Jan 2026, 08:30" in page(ada, public_id)


def test_it_cancels_what_waits(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator
) -> None:
    public_id = ask(ada, "Rain on a roof")
    assert "/cancel" in page(ada, public_id)
    response = ada.browser.post(f"/generations/{public_id}/cancel", follow=True)
    assert "Your credits are free again." in response.content.decode()
    assert Generation.objects.get().state == State.CANCELED
    assert simulator.tasks() == []
    assert "100 credits available" in page(ada, public_id)


def test_it_cannot_cancel_what_has_reached_the_provider(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    public_id = ask(ada, "[slow] rain")
    reach(public_id, State.PROCESSING)
    assert "/cancel" not in page(ada, public_id)
    response = ada.browser.post(f"/generations/{public_id}/cancel", follow=True)
    assert "which cannot cancel" in response.content.decode()
    assert Generation.objects.get().state == State.PROCESSING


def test_it_deletes_what_is_done(ada: Person, cloudsway: ProviderAccount) -> None:
    public_id = ask(ada, "Rain on a roof")
    running = ada.browser.post(f"/generations/{public_id}/delete", follow=True)
    assert "Only a finished generation can be deleted." in running.content.decode()
    finish(public_id)
    response = ada.browser.post(f"/generations/{public_id}/delete")
    assert (response.status_code, response["Location"]) == (302, "/gallery/")
    assert ada.browser.get(f"/generations/{public_id}").status_code == 404
    assert ada.browser.get(f"/generations/{public_id}/status").status_code == 404


def test_it_changes_nothing_on_a_visit(ada: Person, cloudsway: ProviderAccount) -> None:
    public_id = ask(ada, "Rain on a roof")
    for path in ("cancel", "delete"):
        assert ada.browser.get(f"/generations/{public_id}/{path}").status_code == 405
    assert Generation.objects.get().state == State.QUEUED


def test_it_shows_what_is_foreign_as_absent(
    ada: Person, charlie: Person, cloudsway: ProviderAccount
) -> None:
    public_id = ask(ada, "Rain on a roof")
    for name in (public_id, "gen_nothing", "gen_%00", "nonsense"):
        assert charlie.browser.get(f"/generations/{name}").status_code == 404
        assert charlie.browser.get(f"/generations/{name}/status").status_code == 404
        assert charlie.browser.post(f"/generations/{name}/cancel").status_code == 404
        assert charlie.browser.post(f"/generations/{name}/delete").status_code == 404
    assert Generation.objects.get().state == State.QUEUED


def test_it_lets_viewers_change_nothing(ada: Person, cloudsway: ProviderAccount) -> None:
    public_id = ask(ada, "Rain on a roof")
    browser = join(ada, Role.VIEWER)
    shown = browser.get(f"/generations/{public_id}").content.decode()
    assert "/cancel" not in shown
    assert "Use these settings again" not in shown
    assert browser.post(f"/generations/{public_id}/cancel").status_code == 403
    assert Generation.objects.get().state == State.QUEUED


def test_it_has_one_address_with_and_without_a_slash(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    public_id = ask(ada, "Rain on a roof")
    assert ada.browser.get(f"/generations/{public_id}/").status_code == 200


def test_it_shows_what_people_wrote_as_text(ada: Person, cloudsway: ProviderAccount) -> None:
    public_id = ask(ada, "<script>alert(1)</script>")
    shown = ada.browser.get(f"/generations/{public_id}").content.decode()
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)" in shown
