"""The studio's form: made of the schema, kept when it is refused, sent once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import Plan, Role
from generations.models import Generation, ProviderAccount, State
from kling.simulator.server import RunningSimulator
from tests.accounts.conftest import join
from tests.conftest import Person, make_account, make_person
from tests.generations.pages import Form, open_studio

pytestmark = pytest.mark.django_db

PROMPT = "A lighthouse at dusk"


def problems(response: Any) -> list[str]:
    """The summary above the form: what it links to, and what it says."""
    found = re.search(r'id="problems".*?</div>', response.content.decode(), re.DOTALL)
    return re.findall(r'<a href="#([^"]+)">', found.group()) if found else []


def text(response: Any) -> str:
    return response.content.decode()


def test_it_sends_strangers_to_sign_in(client: Client) -> None:
    response = client.get("/studio/")
    assert (response.status_code, response["Location"]) == (302, "/accounts/login/?next=/studio/")


def test_it_says_when_no_provider_is_there(ada: Person) -> None:
    response = ada.browser.get("/studio/")
    assert response.status_code == 503
    assert "The studio is closed at the moment" in text(response)


def test_it_offers_what_is_served(ada: Person, cloudsway: ProviderAccount) -> None:
    response = ada.browser.get("/studio/")
    assert 'href="/studio/text-to-audio/"' in text(response)
    assert ada.browser.get("/studio/text-to-poetry/").status_code == 404


def test_it_follows_the_account_that_will_serve(ada: Person, simulator: RunningSimulator) -> None:
    """CometAPI takes 5 or 10 seconds, 500 characters, and no sound."""
    make_account(simulator.url, dialect="cometapi")
    page = text(ada.browser.get("/studio/text-to-video/"))
    assert re.findall(r'name="input.duration" value="(\d+)"', page) == ["5", "10"]
    assert 'data-limit="500"' in page
    assert 'name="input.sound"' not in page


def test_it_leaves_out_fields_that_no_model_takes(ada: Person, simulator: RunningSimulator) -> None:
    make_account(simulator.url, dialect="official")
    page = text(ada.browser.get("/studio/text-to-video/"))
    assert "input.voice_list" in page
    assert "input.camera_control" not in page


def test_it_shows_the_price_of_the_defaults(ada: Person, cloudsway: ProviderAccount) -> None:
    page = text(ada.browser.get("/studio/"))
    assert "Create for 3 credits" in page
    assert "97 credits left afterwards" in page


def test_it_creates_with_the_form_as_it_stands(ada: Person, cloudsway: ProviderAccount) -> None:
    form = open_studio(ada.browser)
    response = form.send(ada.browser, input__prompt=PROMPT)
    generation = Generation.objects.get()
    assert response["Location"] == f"/generations/{generation.public_id}"
    assert generation.input == {
        "model_name": "kling-v3",
        "prompt": PROMPT,
        "mode": "std",
        "sound": "off",
        "aspect_ratio": "16:9",
        "duration": "5",
    }
    assert (generation.state, generation.created_by) == (State.QUEUED, ada.user)


def test_a_form_sends_no_camera_that_nobody_chose(ada: Person, simulator: RunningSimulator) -> None:
    """Only an older model takes one, and without JavaScript the field is there for all."""
    make_account(simulator.url, dialect="cometapi")
    form = open_studio(ada.browser)
    assert form.values["input.camera_control.type"] == ""
    assert form.send(ada.browser, input__prompt=PROMPT).status_code == 302


@pytest.mark.parametrize(("sound", "served_by"), [("off", "cometapi"), ("on", "cloudsway")])
def test_several_accounts_make_one_form(
    ada: Person, simulator: RunningSimulator, sound: str, served_by: str
) -> None:
    make_account(simulator.url, dialect="cometapi", priority=1)
    make_account(simulator.url, dialect="cloudsway", priority=2)
    form = open_studio(ada.browser)
    assert form.values["input.sound"] == "off"
    form.send(ada.browser, input__prompt=PROMPT, input__sound=sound, price="99000000")
    assert Generation.objects.get().account.dialect == served_by


def test_it_makes_one_job_of_two_clicks(ada: Person, cloudsway: ProviderAccount) -> None:
    form = open_studio(ada.browser)
    first = form.send(ada.browser, input__prompt=PROMPT)
    second = form.send(ada.browser, input__prompt=PROMPT)
    assert second["Location"] == first["Location"]
    assert Generation.objects.count() == 1
    assert "had been sent already" in text(ada.browser.get(second["Location"]))


def test_it_asks_before_the_same_form_makes_something_else(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    form = open_studio(ada.browser)
    form.send(ada.browser, input__prompt=PROMPT)
    response = form.send(ada.browser, input__prompt="Another one")
    assert (response.status_code, Generation.objects.count()) == (409, 1)
    again = Form(response).send(ada.browser)
    assert (again.status_code, Generation.objects.count()) == (302, 2)


def test_it_names_each_wrong_field_and_keeps_the_text(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    too_long = "x" * 2501
    form = open_studio(ada.browser)
    response = form.send(
        ada.browser,
        input__prompt="Dusk  <b>&",
        input__negative_prompt=too_long,
        input__mode="8k",
    )
    assert (response.status_code, Generation.objects.count()) == (422, 0)
    assert set(problems(response)) == {"input-negative_prompt", "input-mode"}
    page = text(response)
    assert "Leave out may have at most 2500 characters." in page
    assert 'id="input-negative_prompt-error"' in page
    assert re.search(r'<details class="fold" open>\s*<summary>More options', page)
    kept = Form(response).values
    assert (kept["input.prompt"], kept["input.negative_prompt"]) == ("Dusk  <b>&", too_long)


def test_it_wants_a_prompt(ada: Person, cloudsway: ProviderAccount) -> None:
    response = open_studio(ada.browser).send(ada.browser)
    assert problems(response) == ["input-prompt"]
    assert "Prompt is required." in text(response)


def test_it_says_why_a_field_is_needed_that_is_not_always(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    form = open_studio(ada.browser, "omni-video")
    response = form.send(ada.browser, input__prompt="A fox")
    assert problems(response) == ["input-aspect_ratio"]
    assert "Aspect ratio is required without a first frame or a video" in text(response)


def test_it_counts_a_line_break_as_one_character(ada: Person, cloudsway: ProviderAccount) -> None:
    prompt = "a\r\n" + "b" * 2498
    response = open_studio(ada.browser).send(ada.browser, input__prompt=prompt)
    assert response.status_code == 302
    assert Generation.objects.get().input["prompt"] == prompt.replace("\r\n", "\n")


def test_it_takes_shots(ada: Person, cloudsway: ProviderAccount) -> None:
    response = open_studio(ada.browser).send(
        ada.browser,
        input__prompt="kept aside",
        input__multi_shot="true",
        input__shot_type="customize",
        input__multi_prompt__0__prompt="A door opens",
        input__multi_prompt__0__duration="2",
        # A row left empty in the middle is no shot.
        input__multi_prompt__3__prompt="Someone looks out",
        input__multi_prompt__3__duration="3",
    )
    assert response.status_code == 302, text(response)
    assert Generation.objects.get().input["multi_prompt"] == [
        {"index": 1, "prompt": "A door opens", "duration": "2"},
        {"index": 2, "prompt": "Someone looks out", "duration": "3"},
    ]
    assert "prompt" not in Generation.objects.get().input


def test_it_points_at_the_wrong_shot(ada: Person, cloudsway: ProviderAccount) -> None:
    response = open_studio(ada.browser).send(
        ada.browser,
        input__prompt="kept aside",
        input__multi_shot="true",
        input__shot_type="customize",
        input__multi_prompt__0__prompt="A door opens",
        input__multi_prompt__0__duration="two",
    )
    assert problems(response) == ["input-multi_prompt-0-duration"]
    assert "Shots 1, Seconds must be a number." in text(response)
    kept = Form(response).values
    assert kept["input.multi_prompt.0.duration"] == "two"
    assert kept["input.prompt"] == "kept aside"


def test_it_needs_no_choice_where_the_model_has_none(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    """Without JavaScript a quality is always sent, though Kling 2.1 Master has only one."""
    form = open_studio(ada.browser)
    asked = {"input__prompt": PROMPT, "input__model_name": "kling-v2-1-master"}
    shown = form.send(ada.browser, **asked, do="price")
    assert "Create for 10 credits" in text(shown)
    assert Form(shown).send(ada.browser).status_code == 302
    assert "mode" not in Generation.objects.get().input


def test_it_never_costs_more_than_the_button_said(ada: Person, cloudsway: ProviderAccount) -> None:
    form = open_studio(ada.browser)
    response = form.send(ada.browser, input__prompt=PROMPT, input__mode="4k")
    assert (response.status_code, Generation.objects.count()) == (409, 0)
    assert "These settings cost 15 credits. Press the button if you agree." in text(response)
    assert "Create for 15 credits" in text(response)
    assert Form(response).send(ada.browser).status_code == 302
    assert Generation.objects.get().quoted == 15_000_000


def test_it_says_what_is_missing(cloudsway: ProviderAccount) -> None:
    poor = make_person("poor@example.com", credits="1")
    page = text(poor.browser.get("/studio/"))
    assert "You need 2 more credits." in page
    assert re.search(r'id="create" type="submit" disabled', page)
    response = open_studio(poor.browser).send(poor.browser, input__prompt=PROMPT)
    assert (response.status_code, Generation.objects.count()) == (402, 0)
    assert 'This needs 3 credits; 1 are available. <a href="/credits/">Get credits</a>' in text(
        response
    )
    assert Form(response).values["input.prompt"] == PROMPT
    member = text(join(poor, Role.MEMBER).get("/studio/"))
    assert "An owner or admin of this workspace can buy credits." in member
    assert "Get credits" not in member


def test_it_explains_the_plan_s_limit(ada: Person, cloudsway: ProviderAccount) -> None:
    plan = Plan.objects.create(slug="one", name="One", running_jobs=1)
    ada.workspace.plan = plan
    ada.workspace.save(update_fields=["plan"])
    open_studio(ada.browser).send(ada.browser, input__prompt=PROMPT)
    response = open_studio(ada.browser).send(ada.browser, input__prompt=PROMPT)
    assert (response.status_code, Generation.objects.count()) == (429, 1)
    assert "Your plan runs 1 job at the same time." in text(response)


def test_it_says_when_the_provider_is_paused(ada: Person, cloudsway: ProviderAccount) -> None:
    form = open_studio(ada.browser)
    ProviderAccount.objects.update(paused_at="2026-01-01T00:00Z", paused_reason="no balance")
    response = form.send(ada.browser, input__prompt=PROMPT)
    assert (response.status_code, Generation.objects.count()) == (503, 0)
    assert "no balance" not in text(response)


def test_it_lets_viewers_look_only(ada: Person, cloudsway: ProviderAccount) -> None:
    browser = join(ada, Role.VIEWER)
    page = text(browser.get("/studio/"))
    assert "Your role here lets you look, but not create." in page
    assert re.search(r'<fieldset class="studio__fields" disabled>', page)
    response = browser.post("/studio/text-to-video/", {"input.prompt": PROMPT})
    assert (response.status_code, Generation.objects.count()) == (403, 0)


def test_it_takes_no_change_without_the_token(ada: Person, cloudsway: ProviderAccount) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada.user)
    response = strict.post("/studio/text-to-video/", {"input.prompt": PROMPT})
    assert (response.status_code, Generation.objects.count()) == (403, 0)


def test_it_fills_the_form_from_the_past(ada: Person, cloudsway: ProviderAccount) -> None:
    open_studio(ada.browser).send(
        ada.browser, input__prompt=PROMPT, input__duration="4", input__aspect_ratio="9:16"
    )
    past = Generation.objects.get().public_id
    form = Form(ada.browser.get("/studio/", {"from": past}))
    assert form.action == "/studio/text-to-video/"
    assert form.values["input.prompt"] == PROMPT
    assert (form.values["input.duration"], form.values["input.aspect_ratio"]) == ("4", "9:16")


def test_it_hides_the_past_of_others(
    ada: Person, charlie: Person, cloudsway: ProviderAccount
) -> None:
    open_studio(ada.browser).send(ada.browser, input__prompt=PROMPT)
    past = Generation.objects.get().public_id
    assert charlie.browser.get("/studio/", {"from": past}).status_code == 404
    for name in ("gen_nothing", "gen_\0"):
        assert charlie.browser.get("/studio/", {"from": name}).status_code == 404


def test_it_offers_newcomers_an_example(ada: Person, cloudsway: ProviderAccount) -> None:
    page = text(ada.browser.get("/studio/text-to-audio/"))
    assert page.count("data-example=") == 2
    form = open_studio(ada.browser, "text-to-audio", example="1")
    assert form.values["input.prompt"].startswith("An old dot matrix printer")
    assert form.values["input.duration"] == "5"
    assert form.send(ada.browser).status_code == 302
    assert "data-example=" not in text(ada.browser.get("/studio/text-to-audio/"))


@pytest.mark.parametrize("query", [{"example": "9"}, {"example": "x"}, {"example": "-1"}])
def test_it_ignores_examples_that_are_none(
    ada: Person, cloudsway: ProviderAccount, query: dict[str, str]
) -> None:
    assert open_studio(ada.browser, **query).values["input.prompt"] == ""


def test_it_has_no_inline_script_or_style(ada: Person, cloudsway: ProviderAccount) -> None:
    response = ada.browser.get("/studio/")
    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text(response))
    scripts = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>", text(response))
    assert [script.strip() for script in scripts] == ['id="capabilities" type="application/json"']


def test_it_shows_recent_work(ada: Person, cloudsway: ProviderAccount) -> None:
    open_studio(ada.browser).send(ada.browser, input__prompt=PROMPT)
    generation = Generation.objects.get()
    page = text(ada.browser.get("/studio/"))
    assert f'id="tile-{generation.public_id}"' in page
    assert "Queued" in page
