"""Every address that takes an id, walked with the ids of another workspace.

The addresses come from the URL configuration itself: a new one that takes an id fails here until
it is listed, with the id that belongs into it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.db.models import F
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from accounts.access import Actor
from accounts.invitations import invite
from accounts.models import Role
from billing import credits
from billing.models import CardConsent, Customer, Order, Pack, SavedCard, TopUp
from generations.models import Asset, Generation, ProviderAccount
from tests.conftest import Person
from tests.generations.builders import make_storing
from tests.generations.inputs.asking import upload
from tests.generations.media import flat_png
from tests.generations.test_main_job import SOUND, create
from tests.working import finish
from webhooks import endpoints, outbox
from webhooks.models import Delivery

pytestmark = pytest.mark.django_db
SINCE = '{"since": "2026-01-01T00:00:00Z"}'
METHODS = ("get", "post", "patch", "delete")
# Addresses whose parameter is no id of a workspace's: what they open for whom is said beside them.
OPEN_TO_ALL = {
    "studio/<slug:operation>/",  # the catalogue is the same for everybody
    "studio/<slug:operation>/price",
    "studio/<slug:operation>/choose",  # lists the workspace's own files
    "credits/buy/<slug:slug>/",  # so is the price list
    "credits/subscription/<slug:slug>/",  # and that of the plans
    "api/v1/operations/<str:name>",
    "kling/v1/<endpoint:operation>",  # an endpoint; each workspace lists its own tasks there
    "files/<str:token>",  # whoever has the signed link may open it
    "hooks/kling/<slug:token>",  # whoever has the token may wake its job
    "invitations/<slug:public_id>",  # for the invited address, which is not yet a member
    "invitations/<slug:public_id>/accept",
}


def patterns(resolver: Any = None, prefix: str = "") -> Iterator[str]:
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, route)
        elif isinstance(pattern, URLPattern) and "<" in route:
            yield route


def routes_with_ids() -> list[str]:
    own = (route for route in patterns() if not route.startswith(("admin/", "accounts/")))
    return sorted(route for route in set(own) if route not in OPEN_TO_ALL)


@pytest.fixture
def belongings(ada: Person, cloudsway: ProviderAccount, settings: Any) -> dict[str, str]:
    """One of each thing that Ada has, by the part of the address that it belongs to."""
    owner = Actor(workspace=ada.workspace, user=ada.user, role=Role.OWNER)
    generation = finish(create(ada.api, SOUND)["id"])
    Asset.objects.update(poster_key=F("key"))  # sound has no poster of its own
    endpoint, _ = endpoints.create(by=owner, url="http://127.0.0.1:9/hook")
    with transaction.atomic():
        outbox.announce(
            workspace=ada.workspace, type="generation.succeeded", data={}, url="http://127.0.0.1:9/"
        )
    order = Order.objects.create(
        workspace=ada.workspace, pack=Pack.objects.first().slug, credits=1, amount=1, currency="usd"
    )
    top_up = _top_up(ada)
    last_month = timezone.now().replace(day=1) - timedelta(days=1)
    with time_machine.travel(last_month), transaction.atomic():
        credits.grant(workspace=ada.workspace, amount=1, key="of last month", kind="grant")
    of_endpoint = Delivery.objects.filter(endpoint=endpoint).latest("pk")
    session = make_storing(ada.workspace, cloudsway, task_id="1", operation="identify-face")
    return {
        "faces/": session.public_id,
        "kling/v1/": "audio/text-to-audio",
        "kling/v1/audio/text-to-audio/": generation.public_id,
        "generations/": generation.public_id,
        "uploads/": upload(ada.api, flat_png()),
        "assets/": generation.assets.first().public_id,
        "credits/orders/": order.public_id,
        "credits/top-ups/": top_up.public_id,
        "credits/top-up/card/": top_up.card.consent.public_id,
        "credits/statements/": f"{last_month:%Y-%m}",
        "settings/webhooks/jobs/": str(Delivery.objects.get(endpoint=None).public_id),
        "settings/webhooks/": endpoint.public_id,
        "webhook-endpoints/": endpoint.public_id,
        "deliveries/": str(of_endpoint.public_id),
        "settings/members/": str(ada.workspace.memberships.get().pk),
        "settings/invitations/": invite(
            by=owner, email="eve@example.com", role=Role.MEMBER
        ).public_id,
        "settings/keys/": ada.workspace.api_keys.get().prefix,
        "settings/spending/members/": str(ada.workspace.memberships.get().pk),
        "settings/spending/keys/": ada.workspace.api_keys.get().prefix,
    }


def _top_up(person: Person) -> TopUp:
    workspace = person.workspace
    customer = Customer.objects.create(workspace=workspace, livemode=False, stripe_id="cus_1")
    consent = CardConsent.objects.create(workspace=workspace, customer=customer)
    card = SavedCard.objects.create(
        workspace=workspace,
        customer=customer,
        consent=consent,
        stripe_id="pm_1",
        brand="visa",
        last4="4242",
        exp_month=12,
        exp_year=2040,
    )
    order = Order.objects.create(
        workspace=workspace, origin="top_up", pack="small", credits=1, amount=1, currency="usd"
    )
    return TopUp.objects.create(workspace=workspace, card=card, order=order)


def fill(route: str, belongings: dict[str, str]) -> str:
    path = "/" + route
    while found := re.search(r"<\w+:\w+>", path):
        before = path[: found.start()]
        places = [place for place in belongings if before.endswith(place)]
        assert places, f"{route}: say in `belongings` whose id stands there"
        path = before + belongings[max(places, key=len)] + path[found.end() :]
    return path


def statuses(person: Person, path: str) -> dict[str, int]:
    if path.startswith(("/api/", "/kling/")):
        client, kind = person.api.client, {"content_type": "application/json"}
        # What is wrong in itself is refused before anybody asks whose it is.
        sent: dict[str, Any] = {"post": {"data": SINCE, **kind}, "patch": {"data": "{}", **kind}}
    else:
        client, sent = person.browser, {"post": {"data": {"role": "viewer"}}}
    answers = {method: getattr(client, method)(path, **sent.get(method, {})) for method in METHODS}
    return {method: status_of(answer) for method, answer in answers.items()}


def status_of(answer: Any) -> int:
    """Kling says "not found" of a task with a 400 of its own; the code tells it from others."""
    is_kling = answer.status_code == 400 and answer.json()["code"] == 1201
    missing = is_kling and answer.json()["message"].startswith("Task not found")
    return 404 if missing else int(answer.status_code)


def test_it_walks_many_addresses() -> None:
    assert len(routes_with_ids()) >= 25


@pytest.mark.parametrize("route", routes_with_ids())
def test_it_hides_what_is_anothers(
    ada: Person, charlie: Person, belongings: dict[str, str], route: str
) -> None:
    path = fill(route, belongings)
    theirs = statuses(charlie, path)
    assert set(theirs.values()) <= {404, 405}, theirs
    assert 404 in theirs.values()
    assert not Generation.objects.exclude(deleted_at=None).exists()
    # The control: it was the stranger that was refused, not the address that is wrong.
    assert set(statuses(ada, path).values()) - {404, 405}
