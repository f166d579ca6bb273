"""Row-level security: PostgreSQL shows a request its own workspace, whatever the query forgets."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import prepared, wall
from accounts.access import Actor
from accounts.models import Membership, Role, Workspace
from accounts.wall import policies
from generations import links, slots
from generations.inputs import earlier
from generations.models import Asset, Generation, ProviderAccount
from kling.media import SourceId
from tests.conftest import PASSWORD, Person, make_account, make_person
from tests.generations.test_main_job import SOUND, create
from tests.working import finish
from webhooks import endpoints

pytestmark = [pytest.mark.race, pytest.mark.django_db]
ROLE = "kling_test_tenant"
# Tables that all workspaces share, or that say nothing of any: whatever else there is, is behind
# the wall. A new table that belongs to nobody has to be listed here, with open eyes.
SHARED = {
    *("generations.ProviderAccount", "generations.UsualDuration", "generations.CallbackHealth"),
    *(
        "generations.SlotPool",
        "generations.Notice",
        "billing.LedgerAlarm",
        "billing.Pack",
        "billing.PackPrice",
        "billing.SubscriptionPlan",
    ),
    *("billing.PriceBook", "billing.UnitPrice", "billing.Margin", "billing.OperationRate"),
    *("accounts.User", "accounts.Plan", "worker.Heartbeat", "worker.Lease"),
    *("account.EmailAddress", "account.EmailConfirmation", "admin.LogEntry"),
    *("django_q.Task", "django_q.Success", "django_q.Failure", "django_q.Schedule"),
    *("django_q.OrmQ", "auth.Permission", "auth.Group", "contenttypes.ContentType"),
    *("sessions.Session",),
}


@pytest.fixture
def walled(settings: Any, db: None) -> Iterator[None]:
    """A role without any rights of its own, and the product told to use it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE ROLE {ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS")
    settings.DATABASE_TENANT_ROLE = ROLE
    policies.install(connection)
    yield
    wall.leave()


@contextmanager
def as_tenant(workspace: Workspace | None) -> Iterator[Any]:
    """Raw SQL as the restricted role, in that workspace or in none."""
    with connection.cursor() as cursor:
        inside = str(workspace.pk) if workspace else ""
        cursor.execute("SELECT set_config('role', %s, true)", [ROLE])
        cursor.execute("SELECT set_config('app.workspace', %s, true)", [inside])
        yield cursor
        cursor.execute("SELECT set_config('role', 'none', true)")


def counts(workspace: Workspace | None) -> dict[str, int]:
    found = {}
    with as_tenant(workspace) as cursor:
        for table in policies.conditions():
            cursor.execute(f"SELECT count(*) FROM {table}")
            found[table] = cursor.fetchone()[0]
    return {table: count for table, count in found.items() if count}


@pytest.fixture
def lives(ada: Person, walled: None, cloudsway: ProviderAccount) -> Person:
    """Ada, with a row in most tables."""
    owner = Actor(workspace=ada.workspace, user=ada.user, role=Role.OWNER)
    endpoints.create(by=owner, url="http://127.0.0.1:9/hook")
    finish(str(create(ada.api, SOUND)["id"]))
    ada.api.client.post(
        "/api/v1/quotes", SOUND, content_type="application/json", headers={"Idempotency-Key": "a"}
    )
    wall.leave()
    return ada


def test_every_table_is_shared_or_behind_the_wall(walled: None) -> None:
    behind = policies.conditions()
    open_tables = {m._meta.label for m in apps.get_models() if m._meta.db_table not in behind}
    assert open_tables <= SHARED
    assert policies.unprotected(connection) == []


def test_the_wrong_workspace_sees_nothing(lives: Person, charlie: Person) -> None:
    mine, theirs, nothing = (counts(one) for one in (lives.workspace, charlie.workspace, None))

    assert {"generations_generation", "generations_asset", "generations_transition"} <= set(mine)
    assert {"billing_entry", "billing_hold", "webhooks_delivery"} <= set(mine)
    assert set(theirs) == {
        *("accounts_workspace", "accounts_membership", "accounts_apikey", "accounts_auditevent"),
        *("billing_creditaccount", "billing_entry", "billing_lot"),
    }
    assert nothing == {}


def test_the_wrong_workspace_changes_nothing(lives: Person, charlie: Person) -> None:
    generation = Generation.objects.get()
    for table in ("generations_generation", "accounts_apikey", "webhooks_endpoint"):
        with as_tenant(charlie.workspace) as cursor:
            cursor.execute(
                f"UPDATE {table} SET created_at = now() WHERE workspace_id = %s",
                [lives.workspace.pk],
            )
            assert cursor.rowcount == 0
            cursor.execute(f"DELETE FROM {table} WHERE workspace_id = %s", [lives.workspace.pk])
            assert cursor.rowcount == 0
    with as_tenant(charlie.workspace) as cursor:
        cursor.execute(
            "UPDATE generations_transition SET at = now() WHERE generation_id = %s",
            [generation.pk],
        )
        assert cursor.rowcount == 0
    # The control: in the right one it does.
    with as_tenant(lives.workspace) as cursor:
        cursor.execute("UPDATE webhooks_endpoint SET description = 'mine'")
        assert cursor.rowcount == 1


@pytest.mark.parametrize("inside", ["charlie", "none"])
def test_nobody_writes_into_anothers_workspace(lives: Person, charlie: Person, inside: str) -> None:
    with (
        pytest.raises(DatabaseError, match="row-level security"),
        transaction.atomic(),
        as_tenant(charlie.workspace if inside == "charlie" else None),
    ):
        Membership.objects.create(workspace=lives.workspace, user=charlie.user, role="owner")


def test_a_row_is_not_given_away(lives: Person, charlie: Person) -> None:
    with (
        pytest.raises(DatabaseError, match="row-level security"),
        transaction.atomic(),
        as_tenant(lives.workspace) as cursor,
    ):
        cursor.execute("UPDATE webhooks_endpoint SET workspace_id = %s", [charlie.workspace.pk])


def test_a_query_that_forgets_its_workspace_finds_its_own_only(
    lives: Person, charlie: Person
) -> None:
    wall.enter(charlie.workspace.pk)
    assert not Generation.objects.exists()
    assert list(Workspace.objects.all()) == [charlie.workspace]
    wall.leave()
    assert Generation.objects.exists()


def test_it_counts_over_all_workspaces_where_it_has_to(lives: Person, charlie: Person) -> None:
    """An account's slots are shared: whoever would not see the others' jobs, would overbook it."""
    create(lives.api, SOUND)
    wall.leave()
    account = ProviderAccount.objects.get()
    places = [(account.pk, Generation.objects.values_list("model", flat=True)[0])]
    everything = slots.spoken_for(places)
    wall.enter(charlie.workspace.pk)

    assert sum(everything.values()) == 1
    assert slots.spoken_for(places) == everything
    assert not Generation.objects.exists()


def test_what_is_rolled_back_stays_inside(charlie: Person, walled: None) -> None:
    wall.enter(charlie.workspace.pk)
    with pytest.raises(ZeroDivisionError), transaction.atomic(), wall.lifted():
        raise ZeroDivisionError
    with pytest.raises(DatabaseError), transaction.atomic(), wall.lifted():
        Workspace.objects.create(name="x" * 500, plan_id=charlie.workspace.plan_id)

    assert list(Workspace.objects.all()) == [charlie.workspace]


def test_programs_work_behind_it(charlie: Person, lives: Person) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert charlie.api.get("/generations").json()["data"] == []
    entering = [q["sql"] for q in queries if "app.workspace" in q["sql"]]
    assert len(entering) == 2  # the way out costs a statement only where no health check follows
    assert ROLE in entering[0]
    job = create(charlie.api, SOUND)
    assert charlie.api.post(f"/generations/{job['id']}/cancel").status_code == 200
    assert charlie.api.get("/credits").json()["available"] == "100"
    listed = lives.api.get("/generations").json()["data"]
    assert [row["status"] for row in listed] == ["succeeded"]


def test_it_costs_a_request_few_statements(
    ada: Person, cloudsway: ProviderAccount, walled: None, settings: Any
) -> None:
    """One to enter and one to leave, and two more where all workspaces are counted together."""

    def asked(role: str) -> list[str]:
        settings.DATABASE_TENANT_ROLE = role
        with CaptureQueriesContext(connection) as queries:
            create(ada.api, SOUND)
        return [query["sql"] for query in queries]

    make_account("http://127.0.0.1:9", slug="equal")
    asked("")  # it rings for the dispatcher, which the next ones need not
    outside, inside = asked(""), asked(ROLE)
    assert len(inside) - len(outside) == sum("app.workspace" in one for one in inside) == 4


def test_people_work_behind_it(lives: Person, charlie: Person) -> None:
    generation = Generation.objects.get()
    for path in ("/studio/", "/gallery", "/credits", "/settings/workspace", "/settings/keys"):
        assert lives.browser.get(path, follow=True).status_code == 200
    assert lives.browser.get(f"/generations/{generation.public_id}").status_code == 200
    assert charlie.browser.get(f"/generations/{generation.public_id}").status_code == 404
    form = {"label": "another", "scopes": ["read"], "kind": "key", "expires": "never"}
    assert b"ks_" in charlie.browser.post("/settings/keys", form).content
    made = charlie.browser.post("/workspaces/new", {"name": "A second one"})
    assert made.status_code == 302
    wall.leave()
    assert charlie.user.memberships.count() == 2


def test_open_pages_of_several_workspaces_are_answered_together(
    ada: Person, charlie: Person, cloudsway: ProviderAccount, walled: None
) -> None:
    given = []
    for person in (ada, charlie):
        page = person.browser.get(f"/generations/{create(person.api, SOUND)['id']}")
        given += re.findall('data-ticket="([^"]+)"', page.content.decode())

    wall.enter(charlie.workspace.pk)  # whatever the thread has done before
    news = Client().get("/live", {"job": given}).json()
    assert news["changed"] == []
    assert [news["lines"][number][:12] for number in ("0", "1")] == ["It is the ne", "Number 2 in "]


def test_a_link_opens_whoever_is_signed_in(lives: Person, charlie: Person) -> None:
    link = links.signed_url(Asset.objects.first())  # type: ignore[arg-type]
    assert charlie.browser.get(f"/files/{link.rpartition('/')[2]}").status_code == 200


def test_what_must_be_counted_over_workspaces_is(lives: Person, charlie: Person) -> None:
    """An element of another workspace is none of ours, and not one that nobody has made."""
    Asset.objects.update(provider_asset_id="4711", kind="element")
    source = SourceId("element")
    wall.enter(charlie.workspace.pk)
    assert earlier.is_anothers(source, "4711")
    assert not earlier.is_anothers(source, "4712")


def test_sign_up_and_the_admin_see_what_they_have_to(ada: Person, walled: None) -> None:
    visitor = Client()
    fields = {"email": "new@example.com", "password1": PASSWORD}
    assert visitor.post("/accounts/signup/", fields).status_code == 302
    ada.user.is_staff = ada.user.is_superuser = True
    ada.user.save()
    make_person("eve@example.com", credits="0")
    page = ada.browser.get("/admin/accounts/workspace/")
    assert b"Eve" in page.content


def test_one_request_leaves_nothing_behind_for_the_next(
    charlie: Person, ada: Person, walled: None
) -> None:
    for _ in range(2):
        for person in (charlie, ada):
            assert person.api.get("/credits").status_code == 200
            assert person.browser.get("/settings/profile").status_code == 200


def test_a_key_is_found_although_another_workspace_was_inside(
    charlie: Person, ada: Person, walled: None
) -> None:
    wall.enter(ada.workspace.pk)
    wall.leave()
    assert charlie.api.get("/credits").status_code == 200


def test_a_statement_that_is_kept_planned_stands_before_the_wall_too(
    lives: Person, charlie: Person
) -> None:
    seen: dict[int | None, set[int]] = {}
    text = "SELECT workspace_id FROM billing_creditaccount WHERE id > %s"
    for _ in range(8):
        for tenant in (lives.workspace.pk, charlie.workspace.pk, None):
            wall.leave() if tenant is None else wall.enter(tenant)
            with prepared.execute(text, [0]) as cursor:
                seen.setdefault(tenant, set()).update(pk for (pk,) in cursor.fetchall())
    both = {lives.workspace.pk, charlie.workspace.pk}
    assert seen == {None: both} | {one: {one} for one in both}


def doctor() -> str:
    out = io.StringIO()
    with suppress(SystemExit):  # whatever else is wrong with a test's installation
        call_command("doctor", stdout=out)
    return next(line for line in out.getvalue().splitlines() if " wall " in line)


def test_doctor_says_that_it_stands(walled: None) -> None:
    assert doctor().startswith("ok")


def test_doctor_says_that_it_is_not_wanted(db: None) -> None:
    assert doctor().startswith("warning")


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (f"ALTER ROLE {ROLE} BYPASSRLS", "BYPASSRLS"),
        ("ALTER TABLE generations_asset DISABLE ROW LEVEL SECURITY", "generations_asset"),
        ("DROP POLICY workspace_wall ON billing_entry", "billing_entry"),
        (f"ALTER TABLE billing_order OWNER TO {ROLE}", "owns 1 of our tables"),
        ("CREATE POLICY hole ON accounts_workspace USING (true)", "without having entered"),
        (f"REVOKE ALL ON accounts_workspace FROM {ROLE}", "we cannot work in the role"),
    ],
)
def test_doctor_says_what_makes_it_void(
    walled: None, ada: Person, statement: str, says: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
    line = doctor()
    assert line.startswith("wrong")
    assert says in line


def test_doctor_asks_for_the_role(settings: Any, db: None) -> None:
    settings.DATABASE_TENANT_ROLE = "nobody_of_this_name"
    assert "there is no database role nobody_of_this_name" in doctor()
