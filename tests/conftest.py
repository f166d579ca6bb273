"""The cast: Ada owns a studio with credits and a key; Charlie is a stranger with his own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.test import Client, TransactionTestCase
from pytest_django import DjangoDbBlocker

import billing.credits
from accounts.keys import create_key
from accounts.models import Plan, Scope, User, Workspace
from accounts.workspaces import create_workspace
from billing.amounts import to_micro
from generations.models import ProviderAccount
from generations.places import pictures
from generations.providers import set_secret
from generations.views.board import board
from kling.simulator.server import RunningSimulator
from kling.simulator.server import start as start_simulator
from tests import pristine

PASSWORD = "a-long-enough-passphrase"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Races need real row locks: on SQLite they are left out, by name, not skipped."""
    if "sqlite" not in django_settings.DATABASES["default"]["ENGINE"]:
        return
    races = [item for item in items if item.get_closest_marker("race")]
    if races:
        config.hook.pytest_deselected(items=races)
        items[:] = [item for item in items if item not in races]


@pytest.fixture(scope="session")
def migrations_folder(pytestconfig: pytest.Config) -> Path:
    return pytestconfig.cache.mkdir("migrated")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, migrations_folder: Path
) -> Iterator[None]:
    with pristine.migrated(migrations_folder):
        yield


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, migrations_folder: Path
) -> Iterator[None]:
    with django_db_blocker.unblock():
        pristine.store(migrations_folder)
        restore = pristine.keep()
    with pytest.MonkeyPatch.context() as patch:
        if restore is not None:
            patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: restore())
        yield


@dataclass(frozen=True)
class Person:
    """Somebody with a workspace, a signed-in browser and a program with a key."""

    user: User
    workspace: Workspace
    browser: Client
    api: Api


class Api:
    """A program that speaks to `/api/v1` with a key."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.client = Client(headers={"Authorization": f"Bearer {key}"} if key else None)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1{path}", query)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.client.post(
            f"/api/v1{path}", body or {}, content_type="application/json", headers=headers
        )

    def delete(self, path: str) -> Any:
        return self.client.delete(f"/api/v1{path}")

    def credits(self) -> dict[str, str]:
        """What is there, held and available."""
        body = self.get("/credits").json()
        return {name: body[name] for name in ("balance", "held", "available")}


def make_person(email: str, *, credits: str, plan: str = "unlimited") -> Person:
    user = User.objects.create_user(email, PASSWORD)
    owner = create_workspace(
        name=email.partition("@")[0].title(), owner=user, plan=Plan.objects.get(slug=plan)
    )
    workspace = owner.workspace
    if to_micro(credits):
        with transaction.atomic():
            billing.credits.grant(
                workspace=workspace, amount=to_micro(credits), key=f"test:{email}", kind="grant"
            )
    _, key = create_key(by=owner, label="test", scopes=set(Scope))
    browser = Client()
    browser.force_login(user)
    return Person(user=user, workspace=workspace, browser=browser, api=Api(key))


@pytest.fixture
def ada(db: None) -> Person:
    return make_person("ada@example.com", credits="100")


@pytest.fixture
def charlie(db: None) -> Person:
    return make_person("charlie@example.com", credits="100")


@pytest.fixture
def operator(db: None) -> Client:
    """The browser of somebody who runs the installation."""
    client = Client()
    client.force_login(User.objects.create_superuser("op@example.com", PASSWORD))
    return client


@pytest.fixture
def nobody() -> Api:
    return Api("")


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """Of the test before, whose jobs had the same primary keys."""
    board.forget()
    pictures.forget()


@pytest.fixture(autouse=True)
def quick_timers(settings: Any, tmp_path: Path) -> None:
    settings.TIMER_SCALE = 0.02
    settings.FETCH_ALLOW_PRIVATE = True
    # Each new client would else read all static files, of the admin too, before its first request.
    settings.WHITENOISE_AUTOREFRESH = True
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "media")},
        },
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def media_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rendered clips are the same in every test: they are made once a session."""
    return tmp_path_factory.mktemp("simulator-media")


@pytest.fixture
def simulator(tmp_path: Path, media_cache: Path) -> Iterator[RunningSimulator]:
    state = tmp_path / "simulator"
    state.mkdir()
    (state / "media").symlink_to(media_cache)
    with start_simulator(state=state, time_scale=0.02) as running:
        yield running


def make_account(url: str, *, dialect: str = "cloudsway", **fields: Any) -> ProviderAccount:
    account = ProviderAccount(
        slug=fields.pop("slug", dialect), dialect=dialect, base_url=url, **fields
    )
    if dialect == "cloudsway":
        account.endpoint_path = "video-endpoint"
    set_secret(account, key="test-key")
    account.save()
    return account


@pytest.fixture
def cloudsway(db: None, simulator: RunningSimulator) -> ProviderAccount:
    return make_account(simulator.url)


@pytest.fixture
def on_postgres() -> bool:
    return connection.vendor == "postgresql"
