"""The operator's pages about money."""

from __future__ import annotations

import re

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import User
from billing import credits, prices
from billing.amounts import to_micro
from billing.models import CreditAccount, Entry, Order, PriceBook, StripeEvent
from tests.billing.conftest import Shop
from tests.conftest import Person
from tests.queue import drain_queue


def html(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def act(client: Client, model: str, action: str, *pks: object) -> str:
    answer = client.post(
        f"/admin/billing/{model}/",
        {"action": action, "_selected_action": [str(pk) for pk in pks]},
        follow=True,
    )
    return str(answer.content.decode())


def publish(client: Client, pk: int) -> str:
    """Look at the comparison, press its button; what the page then says."""
    where = act(client, "pricebook", "publish", pk)
    digest = re.search(r'name="digest" value="(\w+)"', where)
    answer = client.post(
        f"/admin/billing/pricebook/{pk}/publish/",
        {"digest": digest[1] if digest else ""},
        follow=True,
    )
    [message] = answer.context["messages"]
    return str(message)


MONEY = ["creditaccount", "hold", "entry", "order", "stripeevent"]


@pytest.mark.parametrize("model", MONEY)
def test_money_can_be_looked_at_but_not_changed(operator: Client, ada: Person, model: str) -> None:
    hold = credits.hold(workspace=ada.workspace, amount=to_micro(6), key="job:1")
    credits.settle(hold=hold, amount=to_micro(6))
    order = Order.objects.create(
        workspace=ada.workspace, pack="small", credits=1, amount=1, currency="usd"
    )
    event = StripeEvent.objects.create(event_id="evt_1", type="x", payload={}, livemode=False)
    rows = {
        "creditaccount": CreditAccount.objects.get().pk,
        "hold": hold.pk,
        "entry": Entry.objects.get(kind="capture").pk,
        "order": order.pk,
        "stripeevent": event.pk,
    }
    assert html(operator, f"/admin/billing/{model}/")
    assert 'name="_save"' not in html(operator, f"/admin/billing/{model}/{rows[model]}/change/")
    assert operator.get(f"/admin/billing/{model}/add/").status_code == 403
    assert operator.post(f"/admin/billing/{model}/{rows[model]}/delete/").status_code == 403
    assert operator.post(f"/admin/billing/{model}/{rows[model]}/change/").status_code == 403


def test_it_leads_from_an_account_to_its_holds_and_entries(
    operator: Client, ada: Person, charlie: Person
) -> None:
    account = CreditAccount.objects.get(workspace=ada.workspace)
    credits.hold(workspace=ada.workspace, amount=1, key="job of ada")
    credits.hold(workspace=charlie.workspace, amount=1, key="job of charlie")
    page = html(operator, f"/admin/billing/creditaccount/{account.pk}/change/")
    holds = re.search(r'href="(/admin/billing/hold/[^"]+)"', page)
    entries = re.search(r'href="(/admin/billing/entry/[^"]+)"', page)
    assert holds is not None
    assert entries is not None
    listed = html(operator, holds[1])
    assert "job of ada" in listed
    assert "job of charlie" not in listed
    assert html(operator, entries[1])


def test_it_grants_credits_once_with_a_reason(operator: Client, ada: Person) -> None:
    form = html(operator, f"/admin/billing/creditaccount/grant/?workspace={ada.workspace.pk}")
    key = re.search(r'name="key" value="(\w+)"', form)
    assert key is not None
    wanted = {
        "workspace": ada.workspace.pk,
        "credits": "12.5",
        "reason": "for a lost video",
        "key": key[1],
    }
    for _ in range(2):
        assert operator.post("/admin/billing/creditaccount/grant/", wanted).status_code == 302
    assert credits.balance(ada.workspace).balance == to_micro("112.5")
    assert Entry.objects.get(note="for a lost video").kind == "grant"


def test_it_refuses_a_form_that_was_sent_before_with_another_amount(
    operator: Client, ada: Person
) -> None:
    wanted = {"workspace": ada.workspace.pk, "credits": "5", "reason": "gift", "key": "0" * 32}
    operator.post("/admin/billing/creditaccount/grant/", wanted)
    answer = operator.post("/admin/billing/creditaccount/grant/", {**wanted, "credits": "50"})
    assert answer.status_code == 200
    assert "This form was sent before" in answer.content.decode()
    assert credits.balance(ada.workspace).balance == to_micro(105)


def test_what_it_grants_may_expire(operator: Client, ada: Person) -> None:
    wanted = {"workspace": ada.workspace.pk, "credits": "5", "reason": "gift", "key": "0" * 32}
    operator.post("/admin/billing/creditaccount/grant/", {**wanted, "last_day": "2999-12-31"})
    assert ada.api.get("/credits").json()["expiring"] == [
        {"credits": "5", "expires_at": "3000-01-01T00:00:00Z"}
    ]


def test_it_takes_back_what_was_granted_by_mistake_once(operator: Client, ada: Person) -> None:
    page = f"/admin/billing/creditaccount/{ada.workspace.credit_account.pk}/take/"
    assert "100 are free" in html(operator, page)
    wanted = {"credits": "12.5", "reason": "a slip", "key": "0" * 32}
    for _ in range(2):
        assert operator.post(page, wanted).status_code == 302
    entry = Entry.objects.get(note="a slip")
    assert (entry.kind, entry.amount) == ("adjustment", -to_micro("12.5"))
    assert credits.balance(ada.workspace).balance == to_micro("87.5")


def test_it_takes_no_more_than_is_free(operator: Client, ada: Person) -> None:
    page = f"/admin/billing/creditaccount/{ada.workspace.credit_account.pk}/take/"
    with transaction.atomic():
        credits.hold(workspace=ada.workspace, amount=to_micro(60), key="job")
    answer = operator.post(page, {"credits": "41", "reason": "a slip", "key": "0" * 32})
    assert "Only 40 are free." in answer.content.decode()
    assert credits.balance(ada.workspace).balance == to_micro(100)


@pytest.mark.parametrize(
    "wrong",
    [
        {"credits": "0"},
        {"credits": "-5"},
        {"credits": "NaN"},
        {"reason": ""},
        {"last_day": "2001-01-01"},
    ],
    ids=str,
)
def test_it_refuses_a_wrong_grant(operator: Client, ada: Person, wrong: dict[str, str]) -> None:
    wanted = {"workspace": ada.workspace.pk, "credits": "5", "reason": "gift", "key": "0" * 32}
    answer = operator.post("/admin/billing/creditaccount/grant/", {**wanted, **wrong})
    assert answer.status_code == 200
    assert credits.balance(ada.workspace).balance == to_micro(100)


def test_staff_without_the_permission_grant_nothing(ada: Person) -> None:
    user = User.objects.create_user("staff@example.com", "a-long-enough-passphrase", is_staff=True)
    client = Client()
    client.force_login(user)
    assert client.get("/admin/billing/creditaccount/grant/").status_code == 403
    account = ada.workspace.credit_account.pk
    assert client.get(f"/admin/billing/creditaccount/{account}/take/").status_code == 403


def test_it_drafts_edits_and_publishes_a_price_book(operator: Client) -> None:
    first = PriceBook.objects.get()
    act(operator, "pricebook", "draft_next", first.pk)
    draft = PriceBook.objects.get(version=2)
    rows = list(draft.unit_prices.order_by("pk"))
    form = {
        "note": "dearer",
        "unit_prices-TOTAL_FORMS": "3",
        "unit_prices-INITIAL_FORMS": "3",
        "margins-TOTAL_FORMS": "0",
        "margins-INITIAL_FORMS": "0",
        "operation_rates-TOTAL_FORMS": "0",
        "operation_rates-INITIAL_FORMS": "0",
    }
    for number, row in enumerate(rows):
        form |= {
            f"unit_prices-{number}-id": str(row.pk),
            f"unit_prices-{number}-book": str(draft.pk),
            f"unit_prices-{number}-unit_type": row.unit_type,
            f"unit_prices-{number}-credits": "2.5",
        }
    saved = operator.post(f"/admin/billing/pricebook/{draft.pk}/change/", form)
    assert saved.status_code == 302
    assert set(draft.unit_prices.values_list("credits", flat=True)) == {to_micro("2.5")}
    assert publish(operator, draft.pk) == "Price book 2 is in force."
    assert prices.current_book() == draft


def test_a_published_price_book_is_read_only(operator: Client) -> None:
    book = PriceBook.objects.get()
    page = html(operator, f"/admin/billing/pricebook/{book.pk}/change/")
    assert 'name="_save"' not in page
    assert operator.post(f"/admin/billing/pricebook/{book.pk}/change/").status_code == 403
    assert operator.post(f"/admin/billing/pricebook/{book.pk}/delete/").status_code == 403
    assert publish(operator, book.pk) == "Price book 1: Price book 1 is published already."


@pytest.mark.django_db(transaction=True)
def test_it_brings_an_order_up_to_date(operator: Client, ada: Person, shop: Shop) -> None:
    ada.browser.post("/credits/buy/small/")
    order = Order.objects.get()
    shop.press(order.checkout_url, "pay")
    assert "Paid" in act(operator, "order", "sync_with_stripe", order.pk)
    assert credits.balance(ada.workspace).balance == to_micro(200)


@pytest.mark.django_db(transaction=True)
def test_it_works_a_failed_event_again(operator: Client, ada: Person, shop: Shop) -> None:
    ada.browser.post("/credits/buy/small/")
    shop.press(Order.objects.get().checkout_url, "pay")
    shop.deliver()
    StripeEvent.objects.update(state="failed", attempts=12)
    drain_queue()
    assert credits.balance(ada.workspace).balance == to_micro(100)
    act(operator, "stripeevent", "work_again", *StripeEvent.objects.values_list("pk", flat=True))
    drain_queue()
    assert credits.balance(ada.workspace).balance == to_micro(200)
    assert not StripeEvent.objects.filter(state__in=["new", "failed"]).exists()


def test_all_models_are_listed(operator: Client) -> None:
    page = html(operator, "/admin/billing/")
    for model in (*MONEY, "pricebook", "pack"):
        assert f"/admin/billing/{model}/" in page
