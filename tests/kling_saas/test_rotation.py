"""SECRET_KEY is changed: nothing that it sealed or signed is lost on the way."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import models
from django_q.models import OrmQ

from accounts import resealing
from accounts.access import Actor
from accounts.keys import create_pair
from accounts.models import ApiKey, Role
from accounts.sealing import SealedField, Unreadable, seal, unseal
from generations.models import ProviderAccount
from generations.tasks import sweep
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations.kling_api.conftest import KlingApi, token
from tests.generations.test_main_job import SOUND, create
from tests.working import finish
from webhooks import endpoints, signing
from webhooks.models import Endpoint, WorkspaceSecret

pytestmark = pytest.mark.django_db
FERNET = "gAAAAA"  # how every sealed text begins
KLING_PATH = "audio/text-to-audio"
# Texts named like secrets that are none: hashes, or names of things.
NOT_SEALED: set[str] = set()


@pytest.fixture
def secrets(ada: Person, simulator: RunningSimulator) -> tuple[ApiKey, str]:
    """One secret of each kind; the key pair's is returned."""
    account = make_account(simulator.url)
    account.callback_secret = seal("whsec_AAAA")
    account.save(update_fields=["callback_secret"])
    owner = Actor(workspace=ada.workspace, user=ada.user, role=Role.OWNER)
    endpoint, _ = endpoints.create(by=owner, url="http://127.0.0.1:9/hook")
    endpoints.rotate_secret(by=owner, public_id=endpoint.public_id)
    own = signing.of_workspace(ada.workspace)
    signing.rotate(own)
    return create_pair(by=owner, label="signs")


def rotate() -> dict[str, Any]:
    out = io.StringIO()
    call_command("rotate_secrets", stdout=out)
    return dict(json.loads(out.getvalue()))


def opened() -> list[str]:
    return [
        unseal(sealed)
        for model, column in resealing.columns()
        for sealed in model._base_manager.values_list(column, flat=True)
        if sealed
    ]


def change_key(settings: Any, *, fallbacks: bool = True) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY] if fallbacks else []
    settings.SECRET_KEY = f"another-{settings.SECRET_KEY}"


def test_it_seals_every_secret_with_the_new_key(
    settings: Any, ada: Person, secrets: tuple[ApiKey, str]
) -> None:
    before = opened()
    change_key(settings)
    report = rotate()
    settings.SECRET_KEY_FALLBACKS = []

    assert len(before) == 7
    assert report == {"sealed": 7, "resealed": 7, "unreadable": []}
    assert opened() == before
    key, secret = secrets
    assert KlingApi(token(key.access_key, secret)).get(KLING_PATH).status_code == 200
    finish(str(create(ada.api, SOUND)["id"]))


def test_the_old_key_alone_opens_nothing_more(settings: Any, secrets: tuple[ApiKey, str]) -> None:
    old = settings.SECRET_KEY
    change_key(settings)
    rotate()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = old, []

    with pytest.raises(Unreadable):
        opened()


def test_again_it_changes_nothing(settings: Any, secrets: tuple[ApiKey, str]) -> None:
    change_key(settings)
    rotate()
    sealed = list(Endpoint.objects.values_list("sealed_secret", flat=True))

    assert rotate() == {"sealed": 7, "resealed": 0, "unreadable": []}
    assert list(Endpoint.objects.values_list("sealed_secret", flat=True)) == sealed


def test_it_goes_on_where_it_was_broken_off(settings: Any, secrets: tuple[ApiKey, str]) -> None:
    change_key(settings)
    for row in WorkspaceSecret.objects.all():  # as far as it came the first time
        row.sealed_secret = seal(unseal(row.sealed_secret))
        row.save(update_fields=["sealed_secret"])

    assert rotate() == {"sealed": 7, "resealed": 6, "unreadable": []}


def test_it_names_what_no_key_opens_and_does_the_rest(
    settings: Any, secrets: tuple[ApiKey, str]
) -> None:
    lost = Endpoint.objects.get()
    good = lost.sealed_secret
    settings_key = settings.SECRET_KEY
    settings.SECRET_KEY = "a key that is gone"
    Endpoint.objects.update(sealed_secret=seal("whsec_lost"))
    settings.SECRET_KEY = settings_key
    change_key(settings)
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("rotate_secrets", stdout=out)

    assert ended.value.code == 1
    report = json.loads(out.getvalue())
    assert report["unreadable"] == [f"webhooks.Endpoint.sealed_secret {lost.pk}"]
    assert report["resealed"] == 6
    assert good not in out.getvalue()


def test_it_does_not_overwrite_what_changed_meanwhile(
    settings: Any, secrets: tuple[ApiKey, str]
) -> None:
    change_key(settings)
    row = Endpoint.objects.get()
    report = resealing.Report()
    stale = row.sealed_secret
    Endpoint.objects.update(sealed_secret=seal("whsec_new"))
    resealing._reseal(Endpoint, "sealed_secret", row.pk, stale, report)

    assert report.resealed == 0
    assert unseal(Endpoint.objects.get().sealed_secret) == "whsec_new"


def text_columns() -> list[tuple[type[models.Model], models.Field[Any, Any]]]:
    return [
        (model, column)
        for model in apps.get_models()
        for column in model._meta.concrete_fields
        if isinstance(column, models.CharField | models.TextField)
    ]


def test_no_column_of_secrets_is_forgotten() -> None:
    """By its name; and below by what is in it."""
    named = {
        f"{model._meta.label}.{column.name}"
        for model, column in text_columns()
        if "secret" in column.name or "sealed" in column.name
        if not isinstance(column, SealedField)
    }
    assert named == NOT_SEALED


def test_whatever_is_sealed_stands_in_a_column_that_is_rotated(
    ada: Person, secrets: tuple[ApiKey, str]
) -> None:
    finish(str(create(ada.api, SOUND)["id"]))
    sealed = {
        f"{model._meta.label}.{column.name}"
        for model, column in text_columns()
        if model._base_manager.filter(**{f"{column.name}__startswith": FERNET}).exists()
    }
    known = {f"{model._meta.label}.{column}" for model, column in resealing.columns()}
    assert sealed == known


def test_a_job_whose_doorbell_is_lost_is_done_all_the_same(
    settings: Any, ada: Person, cloudsway: ProviderAccount
) -> None:
    """A changed key without its fallback: the queue drops what the old one has signed."""
    job = create(ada.api, SOUND)
    sweep()
    rung = OrmQ.objects.count()
    OrmQ.objects.all().delete()
    sweep()

    assert rung
    assert OrmQ.objects.count() == rung
    assert finish(str(job["id"])).state == "succeeded"


def test_sessions_and_links_live_on_with_the_fallback(settings: Any, ada: Person) -> None:
    change_key(settings)
    assert ada.browser.get("/settings/profile").status_code == 200
    change_key(settings, fallbacks=False)
    assert ada.browser.get("/settings/profile").status_code == 302
