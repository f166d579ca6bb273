"""People manage webhooks under Settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.test import Client

from accounts.models import Membership, Role
from tests.conftest import Person
from tests.queue import drain_queue
from tests.webhooks.receiver import Receiver, status
from webhooks.models import Endpoint

Add = Callable[..., Any]
LIST = "/settings/webhooks"


def text(response: Any) -> str:
    assert response.status_code in {200, 201, 422}, response.status_code
    return str(response.content.decode())


def test_it_adds_a_webhook_and_shows_the_secret_once(ada: Person, receiver: Receiver) -> None:
    assert f'href="{LIST}" aria-current="page"' in text(ada.browser.get(LIST))
    assert "no webhooks yet" in text(ada.browser.get(LIST))
    response = ada.browser.post(LIST, {"url": receiver.url, "events": ["credits.low"]})
    assert response.status_code == 201
    assert "no-store" in response["Cache-Control"]
    match = re.search(r"whsec_[A-Za-z0-9+/=]+", text(response))
    assert match is not None
    endpoint = Endpoint.objects.get()
    page = f"{LIST}/{endpoint.public_id}"
    assert match[0] not in text(ada.browser.get(page))
    assert receiver.url in text(ada.browser.get(LIST))
    ada.browser.post(f"{page}/test")
    drain_queue()
    assert receiver.received[0].verified(match[0])["type"] == "webhook.test"


def test_it_says_what_is_wrong_with_an_address(ada: Person) -> None:
    response = ada.browser.post(LIST, {"url": "https://169.254.169.254/"})
    assert response.status_code == 422
    assert "not on the public internet" in text(response)
    assert not Endpoint.objects.exists()


def test_it_changes_switches_and_deletes(ada: Person, receiver: Receiver, add: Add) -> None:
    endpoint, _ = add(description="old")
    page = f"{LIST}/{endpoint.public_id}"
    changed = ada.browser.post(page, {"url": receiver.url, "description": "new & shiny"})
    assert changed.status_code == 302
    assert "new &amp; shiny" in text(ada.browser.get(page))
    assert ada.browser.post(page, {"url": "nonsense"}).status_code == 422
    ada.browser.post(f"{page}/switch", {"enabled": "off"})
    assert "Switched off" in text(ada.browser.get(LIST))
    refused = ada.browser.post(f"{page}/test", follow=True)
    assert "Switch it on first" in text(refused)
    ada.browser.post(f"{page}/switch", {"enabled": "on"})
    ada.browser.post(f"{page}/delete")
    assert "no webhooks yet" in text(ada.browser.get(LIST))
    assert ada.browser.get(page).status_code == 404


def test_it_shows_deliveries_and_sends_them_again(
    ada: Person, receiver: Receiver, add: Add
) -> None:
    receiver.answers = [status(410, body=b"<b>closed</b>"), status(200)]
    endpoint, _ = add()
    page = f"{LIST}/{endpoint.public_id}"
    ada.browser.post(f"{page}/test")
    assert "every 3s" in text(ada.browser.get(page))
    drain_queue()
    shown = text(ada.browser.get(page))
    assert "410" in shown
    assert "every 3s" not in shown
    match = re.search(r"whd_\w+", shown)
    assert match is not None
    detail = text(ada.browser.get(f"{page}/deliveries/{match[0]}"))
    assert "&lt;b&gt;closed&lt;/b&gt;" in detail
    assert "webhook-timestamp" in detail
    ada.browser.post(f"{page}/switch", {"enabled": "on"})
    ada.browser.post(f"{page}/deliveries/{match[0]}/redeliver")
    drain_queue()
    assert len(receiver.received) == 2
    assert "Delivered" in text(ada.browser.get(page))


def test_it_sends_all_failed_ones_again(ada: Person, receiver: Receiver, add: Add) -> None:
    receiver.answers = [status(410), status(200)]
    endpoint, _ = add()
    page = f"{LIST}/{endpoint.public_id}"
    ada.browser.post(f"{page}/test")
    drain_queue()
    ada.browser.post(f"{page}/switch", {"enabled": "on"})
    assert "Send failed ones again" in text(ada.browser.get(page))
    ada.browser.post(f"{page}/redeliver-failed")
    drain_queue()
    assert len(receiver.received) == 2


def test_it_rotates_the_secret(ada: Person, receiver: Receiver, add: Add) -> None:
    endpoint, old = add()
    response = ada.browser.post(f"{LIST}/{endpoint.public_id}/rotate")
    assert "whsec_" in text(response)
    assert old not in text(response)
    assert "no-store" in response["Cache-Control"]


def test_it_shows_the_secret_for_single_jobs_and_what_went_there(
    ada: Person, owner: Any, receiver: Receiver
) -> None:
    from tests.webhooks.test_announce import say

    page = f"{LIST}/signing-secret"
    match = re.search(r"whsec_[A-Za-z0-9+/=]+", text(ada.browser.get(page)))
    assert match is not None
    say(owner, url=receiver.url)
    drain_queue()
    assert receiver.received[0].verified(match[0])
    shown = text(ada.browser.get(LIST))
    assert "generation.succeeded" in shown
    detail = re.search(r"/settings/webhooks/jobs/whd_\w+", shown)
    assert detail is not None
    assert receiver.url in text(ada.browser.get(detail[0]))
    ada.browser.post(page)
    assert match[0] not in text(ada.browser.get(page))


def test_another_workspaces_pages_look_absent(
    ada: Person, charlie: Person, receiver: Receiver, add: Add
) -> None:
    endpoint, _ = add()
    page = f"{LIST}/{endpoint.public_id}"
    ada.browser.post(f"{page}/test")
    delivery = endpoint.deliveries.get().public_id
    assert charlie.browser.get(page).status_code == 404
    assert charlie.browser.get(f"{page}/deliveries/{delivery}").status_code == 404
    assert charlie.browser.get(f"{LIST}/jobs/{delivery}").status_code == 404
    for tail in ["", "/rotate", "/test", "/switch", "/delete", "/redeliver-failed",
                 f"/deliveries/{delivery}/redeliver"]:  # fmt: skip
        given = {"url": receiver.url}
        assert charlie.browser.post(page + tail, given).status_code == 404, tail
    assert receiver.url not in text(charlie.browser.get(LIST))


def test_a_viewer_sees_but_may_not_change(ada: Person, receiver: Receiver, add: Add) -> None:
    endpoint, _ = add()
    Membership.objects.filter(user=ada.user).update(role=Role.VIEWER)
    page = f"{LIST}/{endpoint.public_id}"
    assert "Delete" not in text(ada.browser.get(page))
    assert "New webhook" not in text(ada.browser.get(LIST))
    for tail in ["", "/rotate", "/test", "/switch", "/delete"]:
        given = {"url": receiver.url}
        assert ada.browser.post(page + tail, given).status_code == 403, tail
    assert ada.browser.post(LIST, {"url": receiver.url}).status_code == 403
    assert ada.browser.get(f"{LIST}/signing-secret").status_code == 403


def test_it_sends_people_to_sign_in(db: None) -> None:
    for path in [LIST, f"{LIST}/whe_x", f"{LIST}/signing-secret"]:
        response = Client().get(path)
        assert response.status_code == 302
        assert "/login" in response["Location"]


def test_changes_need_a_post(ada: Person, receiver: Receiver, add: Add) -> None:
    endpoint, _ = add()
    for tail in ["rotate", "test", "switch", "delete", "redeliver-failed"]:
        assert ada.browser.get(f"{LIST}/{endpoint.public_id}/{tail}").status_code == 405


def once_in(page: str) -> str:
    """The token of the form that shows a secret as its answer."""
    (token,) = re.findall(r'name="once" value="(\w+)"', page)
    return str(token)


def test_it_makes_one_webhook_of_a_form_that_is_sent_again(ada: Person, receiver: Receiver) -> None:
    """Who reloads the page with the new secret sends the form again."""
    form = {"url": receiver.url, "once": once_in(text(ada.browser.get(LIST)))}
    assert ada.browser.post(LIST, form).status_code == 201
    again = ada.browser.post(LIST, form, follow=True)
    assert "made already" in text(again)
    assert "whsec_" not in text(again)
    assert Endpoint.objects.count() == 1


def test_it_makes_another_webhook_of_another_form(ada: Person, receiver: Receiver) -> None:
    for _ in range(2):
        form = {"url": receiver.url, "once": once_in(text(ada.browser.get(LIST)))}
        assert ada.browser.post(LIST, form).status_code == 201
    assert Endpoint.objects.count() == 2


def test_it_takes_a_form_again_that_was_refused(ada: Person, receiver: Receiver) -> None:
    """From the page with the complaint, and from the one before it by the Back button."""
    first = once_in(text(ada.browser.get(LIST)))
    refused = ada.browser.post(LIST, {"url": "nonsense", "once": first})
    assert refused.status_code == 422
    for token in (first, once_in(text(refused))):
        form = {"url": receiver.url, "once": token}
        assert ada.browser.post(LIST, form).status_code == 201


def test_it_rotates_once_for_a_form_that_is_sent_again(ada: Person, add: Add) -> None:
    """A second turn would end the secret that still signs for those who have the old one."""
    endpoint, _ = add()
    page = f"{LIST}/{endpoint.public_id}"
    form = {"once": once_in(text(ada.browser.get(page)))}
    assert "whsec_" in text(ada.browser.post(f"{page}/rotate", form))
    endpoint.refresh_from_db()
    after_one = (endpoint.sealed_secret, endpoint.sealed_previous_secret)
    again = ada.browser.post(f"{page}/rotate", form, follow=True)
    assert "made already" in text(again)
    endpoint.refresh_from_db()
    assert (endpoint.sealed_secret, endpoint.sealed_previous_secret) == after_one


def test_the_workspaces_secret_is_rotated_once_for_a_form_that_is_sent_again(ada: Person) -> None:
    page = f"{LIST}/signing-secret"

    def secret() -> str:
        return re.findall(r"whsec_[A-Za-z0-9+/=]+", text(ada.browser.get(page)))[0]

    first, form = secret(), {"once": once_in(text(ada.browser.get(page)))}
    ada.browser.post(page, form)
    second = secret()
    ada.browser.post(page, form)
    assert first != second == secret()
