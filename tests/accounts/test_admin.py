from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import ApiKey, AuditEvent, Plan, User
from accounts.plans import find_plan
from tests.conftest import Person

MODELS = ["user", "workspace", "plan", "apikey", "auditevent", "invitation"]


@pytest.mark.parametrize("model", MODELS)
def test_it_lists_and_shows_every_model(operator: Client, ada: Person, model: str) -> None:
    listed = operator.get(f"/admin/accounts/{model}/?q=ada")

    assert listed.status_code == 200


def test_it_shows_a_key_without_its_digest(operator: Client, ada: Person) -> None:
    key = ada.workspace.api_keys.get()
    page = operator.get(f"/admin/accounts/apikey/{key.pk}/change/").content.decode()

    assert key.prefix in page
    assert key.digest not in page


def test_it_does_not_let_anybody_write_history(operator: Client, ada: Person) -> None:
    event = AuditEvent.objects.first()

    assert operator.get("/admin/accounts/auditevent/add/").status_code == 403
    assert operator.post(f"/admin/accounts/auditevent/{event.pk}/change/", {}).status_code == 403
    assert operator.post(f"/admin/accounts/auditevent/{event.pk}/delete/", {}).status_code == 403
    assert AuditEvent.objects.filter(pk=event.pk).exists()


def test_it_revokes_keys(operator: Client, ada: Person) -> None:
    key = ada.workspace.api_keys.get()
    form = {"action": "revoke", "_selected_action": [key.pk]}
    operator.post("/admin/accounts/apikey/", form)

    assert ada.api.get("/credits").status_code == 401
    assert AuditEvent.objects.get(action="key.revoked").user.email == "op@example.com"


def change_workspace(operator: Client, ada: Person, **changes: object) -> None:
    member = ada.workspace.memberships.get()
    form = {
        "name": "Ada",
        "plan": Plan.objects.get(slug="pro").pk,
        "memberships-TOTAL_FORMS": 1,
        "memberships-INITIAL_FORMS": 1,
        "memberships-0-id": member.pk,
        "memberships-0-workspace": ada.workspace.pk,
        "memberships-0-user": ada.user.pk,
        "memberships-0-role": "owner",
        **changes,
    }
    response = operator.post(f"/admin/accounts/workspace/{ada.workspace.pk}/change/", form)
    assert response.status_code == 302


def test_it_notes_a_change_of_plan(operator: Client, ada: Person) -> None:
    change_workspace(operator, ada)
    event = AuditEvent.objects.get(action="plan.changed")

    assert event.detail == {"before": "unlimited", "after": "pro"}
    assert event.user.email == "op@example.com"


def test_it_notes_a_change_of_a_spending_cap(operator: Client, ada: Person) -> None:
    change_workspace(operator, ada, daily_cap=5_000_000)
    event = AuditEvent.objects.get(action="cap.changed")

    assert (event.detail["of"], event.detail["daily"]) == ("workspace", 5_000_000)
    ada.workspace.refresh_from_db()
    assert ada.workspace.daily_cap == 5_000_000


def test_one_plan_is_always_that_of_people_who_sign_up(operator: Client) -> None:
    free, pro = (Plan.objects.get(slug=slug) for slug in ("free", "pro"))
    page = f"/admin/accounts/plan/{free.pk}"
    kept = {"name": "Free", "slug": "free", "share": 1}
    assert operator.post(f"{page}/change/", kept).status_code == 302
    assert operator.post(f"{page}/delete/", {"post": "yes"}).status_code == 403
    assert find_plan(None) == free

    def choose(*chosen: Plan) -> None:
        form = {"action": "make_default", "_selected_action": [plan.pk for plan in chosen]}
        operator.post("/admin/accounts/plan/", form)

    choose(free, pro)
    assert find_plan(None) == free
    choose(pro)
    assert find_plan(None) == pro


def test_it_adds_people_by_e_mail(operator: Client) -> None:
    form = {
        "email": "Grace@Example.com",
        "usable_password": "true",
        "password1": "compile-the-ships",
        "password2": "compile-the-ships",
    }
    operator.post("/admin/accounts/user/add/", form)

    assert User.objects.get(email="grace@example.com").check_password("compile-the-ships")


def test_it_refuses_an_address_in_other_capitals(operator: Client, ada: Person) -> None:
    form = {
        "email": "ADA@example.com",
        "usable_password": "true",
        "password1": "compile-the-ships",
        "password2": "compile-the-ships",
    }
    response = operator.post("/admin/accounts/user/add/", form)

    assert "There is somebody with this address already" in response.content.decode()


def test_it_is_closed_to_everybody_else(ada: Person, visitor: Client) -> None:
    assert ada.browser.get("/admin/").status_code in {302, 403}
    assert visitor.get("/admin/").status_code == 302
    assert ApiKey.objects.count() == 1
