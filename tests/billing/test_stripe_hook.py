"""`POST /hooks/stripe`: what is taken, what is refused, and that a refusal changes nothing."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
import stripe
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django_q.models import OrmQ

from billing import routing
from billing.event_types import EVENT_TYPES
from billing.models import StripeEvent
from tests.installation import ROOT
from tests.queue import drain_queue

SECRET = "whsec_of_the_tests"
EVENT: dict[str, Any] = {
    "id": "evt_1",
    "object": "event",
    "type": "checkout.session.completed",
    "livemode": False,
    "api_version": "2026-10-28.endive",
    "created": 1790000000,
    "data": {"object": {"id": "cs_test_1", "object": "checkout.session"}},
}


@pytest.fixture(autouse=True)
def _stripe_settings(db: None, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_x"
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_the_next_one", SECRET]


def signature(body: str, *, secret: str = SECRET, age: int = 0) -> str:
    return str(
        stripe.WebhookSignature.generate_signature_header(body, secret, int(time.time()) - age)
    )


def post(body: str | bytes, header: str | None) -> HttpResponse:
    # Strict about CSRF, as a browser's attacker would find it: Stripe has no token.
    client = Client(enforce_csrf_checks=True)
    headers = {} if header is None else {"Stripe-Signature": header}
    return client.post("/hooks/stripe", data=body, content_type="application/json", headers=headers)


def send(event: Any = EVENT, **how: Any) -> HttpResponse:
    body = json.dumps(event)
    return post(body, signature(body, **how))


def test_it_stores_an_event_once_and_rings_for_it() -> None:
    assert send().status_code == 200
    assert send().status_code == 200
    row = StripeEvent.objects.get()
    assert (row.pk, row.object_id, row.state) == ("evt_1", "cs_test_1", "new")
    assert row.payload == EVENT
    assert OrmQ.objects.count() >= 1


@pytest.mark.parametrize("secret", ["whsec_the_next_one", SECRET])
def test_it_takes_each_secret_in_force(secret: str) -> None:
    assert send(secret=secret).status_code == 200


BODY = json.dumps(EVENT)
SIGNED = "signed well, now"


@pytest.mark.parametrize(
    ("body", "header"),
    [
        (BODY, None),
        (BODY, ""),
        (BODY, "nonsense"),
        (BODY, "t=1,v1=" + "0" * 64),
        (BODY, "t=now,v1=é"),
        (b"\xff\xfe", "t=1,v1=" + "0" * 64),
        ("", SIGNED),
        ("not json", SIGNED),
        ("[]", SIGNED),
        ("[" * 100_000, SIGNED),
        ('{"object": "v2.core.event"}', SIGNED),
    ],
    ids=[
        "no header",
        "empty header",
        "nonsense",
        "forged",
        "not ascii",
        "not text",
        "empty",
        "not json",
        "a list",
        "too deep",
        "a thin event",
    ],
)
def test_it_refuses_what_is_not_stripes(body: str | bytes, header: str | None) -> None:
    if header == SIGNED:
        header = signature(str(body))
    assert post(body, header).status_code == 400
    assert not StripeEvent.objects.exists()
    assert not OrmQ.objects.exists()


def test_it_refuses_a_secret_that_is_not_in_force() -> None:
    assert send(secret="whsec_of_somebody_else").status_code == 400
    assert not StripeEvent.objects.exists()


def test_it_refuses_an_old_signature() -> None:
    assert send(age=290).status_code == 200
    StripeEvent.objects.all().delete()
    assert send(age=310).status_code == 400
    assert not StripeEvent.objects.exists()


def test_it_refuses_a_changed_body() -> None:
    assert post(BODY + " ", signature(BODY)).status_code == 400
    assert not StripeEvent.objects.exists()


@pytest.mark.parametrize(
    "changed",
    [{"id": ""}, {"id": 5}, {"livemode": "no"}, {"data": {}}, {"type": None}, {"id": "e" * 121}],
    ids=str,
)
def test_it_refuses_an_event_without_its_parts(changed: dict[str, Any]) -> None:
    assert send({**EVENT, **changed}).status_code == 400
    assert not StripeEvent.objects.exists()


def test_it_refuses_a_huge_body() -> None:
    assert post("x" * (1024 * 1024 + 1), signature("x")).status_code == 413


def test_it_refuses_all_without_a_secret(settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = []
    assert send().status_code == 400


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_it_only_allows_post(method: str) -> None:
    assert getattr(Client(), method)("/hooks/stripe").status_code == 405


def test_it_stores_and_ignores_an_event_of_the_other_mode() -> None:
    assert send({**EVENT, "livemode": True}).status_code == 200
    assert StripeEvent.objects.get().state == "ignored"
    assert not OrmQ.objects.exists()


def test_it_asks_for_an_event_again_that_it_cannot_store() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE billing_stripeevent RENAME TO elsewhere")
    client = Client(raise_request_exception=False)
    answer = client.post(
        "/hooks/stripe",
        data=BODY,
        content_type="application/json",
        headers={"Stripe-Signature": signature(BODY)},
    )
    # Our own fault, also on SQLite, which speaks of an operational error as for a lock.
    assert answer.status_code == 500


def test_it_stores_and_ignores_an_event_of_another_account(settings: Any) -> None:
    settings.STRIPE_ACCOUNT_ID = "acct_ours"
    assert send({**EVENT, "account": "acct_of_somebody_else"}).status_code == 200
    row = StripeEvent.objects.get()
    assert (row.state, row.account) == ("ignored", "acct_of_somebody_else")
    assert not OrmQ.objects.exists()
    assert send({**EVENT, "id": "evt_2", "account": "acct_ours"}).status_code == 200
    assert StripeEvent.objects.get(pk="evt_2").state == "new"


def test_it_ignores_a_kind_that_it_does_not_follow() -> None:
    send({**EVENT, "type": "customer.created"})
    drain_queue()
    row = StripeEvent.objects.get()
    assert (row.state, row.last_error) == ("ignored", "Of a kind that we do not follow.")


@pytest.mark.parametrize(
    ("kind", "of"),
    [
        ("checkout.session.completed", {"id": "cs_test_1"}),
        ("refund.created", {"id": "re_1", "payment_intent": None}),
        ("customer.updated", {"id": "cus_1"}),
    ],
)
def test_it_ignores_what_is_not_ours_after_a_few_tries(kind: str, of: dict[str, Any]) -> None:
    send({**EVENT, "type": kind, "data": {"object": of}})
    drain_queue()
    row = StripeEvent.objects.get()
    assert (row.state, row.attempts) == ("new", 1)
    for _ in range(2):
        drain_queue(due_only=False)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("ignored", 3)
    assert row.last_error == "Nothing of ours."


def test_it_follows_what_the_endpoint_is_subscribed_to() -> None:
    assert set(routing.ROUTES) == set(EVENT_TYPES)


def test_the_document_lists_what_it_follows() -> None:
    text = (ROOT / "docs" / "payments.md").read_text()
    events = text.partition("<!-- events")[2].partition("<!-- end of events")[0]
    assert set(re.findall(r"`([a-z_.]+\.[a-z_]+)`", events)) == set(routing.ROUTES)
