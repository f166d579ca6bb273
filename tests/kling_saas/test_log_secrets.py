"""The main journeys with every logger open: none of the secrets that they use may show."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from django.conf import settings as django_settings
from django.core import mail
from django.core.management import call_command
from django.test import Client

from accounts.access import Actor
from accounts.keys import create_pair
from accounts.models import Role
from accounts.sealing import seal
from generations import links
from generations.models import Asset, ProviderAccount
from generations.providers import set_secret
from kling.simulator.server import RunningSimulator
from kling_saas import logs, web_server
from tests.conftest import PASSWORD, Person, make_account
from tests.generations.kling_api.conftest import KlingApi, token
from tests.generations.test_main_job import SOUND, create
from tests.kling_saas.test_logs import configured_handler
from tests.queue import drain_queue
from tests.working import finish
from webhooks import endpoints

pytestmark = pytest.mark.django_db
PROVIDER_KEY = "provider-key-Zk3vQ9"
STRIPE_KEY = "sk_test_Hx71mVqLpStripe"
STRIPE_HOOK = "whsec_StripeHookR8f2"
CALLBACK_SECRET = "whsec_Q2FsbGJhY2tTZWNyZXQx"
WRONG_PASSWORD = "a-wrong-passphrase-7Yq"
NEW_PASSWORD = "an-entirely-new-passphrase-8"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """The lines of all loggers, at DEBUG, as they reach the operator's log."""
    handler, text, root = configured_handler(json=True), io.StringIO(), logging.getLogger()
    handler.setStream(text)
    queue = logging.getLogger("django-q")
    levels = root.level, queue.level
    for logger in (root, queue):
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    yield text
    for logger, level in zip((root, queue), levels, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)


@pytest.fixture
def account(simulator: RunningSimulator, settings: Any) -> ProviderAccount:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS = STRIPE_KEY, [STRIPE_HOOK]
    account = make_account(simulator.url)
    set_secret(account, key=PROVIDER_KEY)
    account.callback_secret = seal(CALLBACK_SECRET)
    account.save()
    return account


def sign_in_and_reset(ada: Person) -> list[str]:
    """Passwords, the session and the link of a forgotten password."""
    browser, address = Client(), ada.user.email
    for password in (WRONG_PASSWORD, PASSWORD):
        browser.post("/accounts/login/", {"login": address, "password": password})
    session = browser.cookies[django_settings.SESSION_COOKIE_NAME].value
    Client().post("/accounts/password/reset/", {"email": address})
    (link,) = re.findall(r"http://testserver(/\S+)", mail.outbox[-1].body)
    other = Client()
    page = other.get(link, follow=True)
    other.post(page.request["PATH_INFO"], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    Client().get(link.replace(link.split("/")[-2], f"x{link.split('/')[-2]}"))
    return [WRONG_PASSWORD, PASSWORD, NEW_PASSWORD, session, link.rstrip("/").split("/")[-1]]


def use_keys(ada: Person) -> list[str]:
    owner = Actor(workspace=ada.workspace, user=ada.user, role=Role.OWNER)
    pair, secret = create_pair(by=owner, label="signs")
    signed = token(pair.access_key, secret)
    for text in (signed, f"{signed}x", ada.api.key, f"{ada.api.key[:-1]}x"):
        KlingApi(text).get("audio/text-to-audio")
        Client(headers={"Authorization": f"Bearer {text}"}).get("/api/v1/credits")
    return [secret, signed.rpartition(".")[2], ada.api.key.rpartition("_")[2]]


def make_and_open(ada: Person) -> list[str]:
    """A job with its callbacks, its webhooks and the links to its files."""
    owner = Actor(workspace=ada.workspace, user=ada.user, role=Role.OWNER)
    _, signing = endpoints.create(by=owner, url="http://127.0.0.1:9/hook/of-mine")
    job = finish(str(create(ada.api, SOUND)["id"]))
    drain_queue()
    for name in (job.callback_token, f"{job.callback_token}x"):
        Client().post(f"/hooks/kling/{name}", {}, content_type="application/json")
    link = links.signed_url(Asset.objects.first())  # type: ignore[arg-type]
    opened = link.rpartition("/")[2]
    for name in (opened, f"{opened}x"):
        Client().get(f"/files/{name}")
        Client().delete(f"/files/{name}")
    return [signing, signing.removeprefix("whsec_"), job.callback_token, opened.rpartition(":")[2]]


def be_told_by_stripe(ada: Person) -> list[str]:
    body = '{"id": "evt_1", "object": "event", "type": "charge.updated", "data": {"object": {}}}'
    for secret in (STRIPE_HOOK, "whsec_wrong"):
        header = stripe.WebhookSignature.generate_signature_header(body, secret)
        Client().post(
            "/hooks/stripe",
            body,
            content_type="application/json",
            headers={"Stripe-Signature": header},
        )
    ada.api.post("/checkouts", {"pack": "starter"})  # nothing listens there
    return [STRIPE_KEY, STRIPE_HOOK, header.rpartition("=")[2]]


def test_no_secret_stands_in_the_log(
    ada: Person, account: ProviderAccount, written: io.StringIO, settings: Any
) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    secrets = [PROVIDER_KEY, CALLBACK_SECRET, django_settings.SECRET_KEY]
    for journey in (use_keys, make_and_open, be_told_by_stripe, sign_in_and_reset):
        secrets += journey(ada)
    call_command("rotate_secrets", stdout=io.StringIO())
    log = written.getvalue()

    assert all(len(secret) > 10 for secret in secrets)
    assert [secret for secret in secrets if secret in log] == []
    # It was this log: the requests stand in it, and something at DEBUG.
    assert log.count("request_finished") > 20
    assert '"level": "debug"' in log


def test_the_search_would_find_one(ada: Person, written: io.StringIO) -> None:
    """The control."""
    logging.getLogger("generations.dispatch").debug("sending with %s", PROVIDER_KEY)

    assert PROVIDER_KEY in written.getvalue()


@pytest.mark.parametrize(
    "address",
    [
        "/files/abc:def:ghi",
        "/hooks/kling/abc",
        "/invitations/abc",
        "/accounts/password/reset/key/1-abc-def/",
        "/accounts/confirm-email/abc:def/",
    ],
)
def test_it_hides_what_opens_something(address: str) -> None:
    hidden = logs.without_secrets(f"GET {address}?x=1")

    assert "abc" not in hidden
    assert hidden.startswith(f"GET {address.partition('abc')[0].removesuffix('1-')}…")


def test_the_web_server_writes_no_addresses() -> None:
    assert web_server.accesslog is None
