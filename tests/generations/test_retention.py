"""Files go when the days of the plan are over, and everybody could see when that would be."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import Plan, User
from generations import tasks
from generations.models import Asset, Generation, ProviderAccount, Upload
from tests.conftest import Person
from tests.generations import media
from tests.generations.builders import make_storing, output
from tests.generations.media_server import TASK, MediaServer, whole
from tests.generations.pruned import NOTHING, files_in, keep_for, later, prune, removed

pytestmark = pytest.mark.django_db


@pytest.fixture
def film(ada: Person, account: ProviderAccount, host: MediaServer) -> Generation:
    link = host.on("/film.mp4", whole(media.mp4()))
    generation = make_storing(ada.workspace, account, output(link), task_id=TASK)
    tasks.store(generation.pk)
    return generation


def shown(person: Person, job: Generation) -> dict[str, Any]:
    answer: dict[str, Any] = person.api.get(f"/generations/{job.public_id}").json()
    return answer


def html(person: Person, path: str) -> str:
    return str(person.browser.get(path).content.decode())


def upload(person: Person) -> dict[str, Any]:
    file = SimpleUploadedFile("sea.png", media.png(), content_type="image/png")
    answer = person.api.client.post("/api/v1/uploads", {"file": file})
    assert answer.status_code == 201
    made: dict[str, Any] = answer.json()
    return made


def test_it_is_shown_before_files_go(ada: Person, film: Generation) -> None:
    page = f"/generations/{film.public_id}"
    assert shown(ada, film)["assets"][0]["expires_at"] is None
    assert "Kept until" not in html(ada, page)
    assert "are kept for" not in html(ada, "/gallery/")
    keep_for(ada.workspace, 30)
    expiry = datetime.fromisoformat(shown(ada, film)["assets"][0]["expires_at"])
    stored_at = Asset.objects.get().created_at
    assert expiry == stored_at + timedelta(days=30)
    assert datetime.fromisoformat(upload(ada)["expires_at"]) > expiry
    listed = ada.api.get("/generations").json()["data"][0]
    assert listed["assets"][0]["expires_at"] == shown(ada, film)["assets"][0]["expires_at"]
    assert "Kept until" in html(ada, page)
    assert "are kept for 30 days" in html(ada, "/gallery/")


def test_files_go_when_their_days_are_over(ada: Person, film: Generation, folder: Path) -> None:
    keep_for(ada.workspace, 30)
    asset = Asset.objects.get()
    link = shown(ada, film)["assets"][0]["url"].removeprefix("http://127.0.0.1:8000")
    with later(days=29):
        assert prune() == NOTHING
    assert len(files_in(folder)) == 2
    with later(days=30):
        assert prune("--dry-run") == removed(expired_results=(1, asset.bytes))
        assert shown(ada, film)["assets"] != []
        assert prune() == removed(expired_results=(1, asset.bytes))
        assert prune() == NOTHING
        answer = shown(ada, film)
    page = html(ada, f"/generations/{film.public_id}")
    gallery = html(ada, "/gallery/")
    assert files_in(folder) == set()
    assert (answer["status"], answer["assets"]) == ("succeeded", [])
    assert answer["expired_at"] is not None
    assert answer["credits"]["charged"] == "2"
    assert ada.api.get("/credits").json()["balance"] == "98"
    assert "The files are gone" in page
    assert "The files were removed: their days were over" in page
    assert "Expired" in gallery
    assert Client().get(link).status_code == 404
    assert ada.api.delete(f"/generations/{film.public_id}").status_code == 204


def test_uploads_go_too(ada: Person, folder: Path) -> None:
    keep_for(ada.workspace, 30)
    made = upload(ada)
    with later(days=30):
        assert prune() == removed(expired_uploads=(1, made["bytes"]))
    assert (Upload.objects.count(), files_in(folder)) == (0, set())


def test_a_plan_without_days_keeps_everything(
    ada: Person, charlie: Person, film: Generation, folder: Path
) -> None:
    charlie.workspace.plan = Plan.objects.get(slug="free")
    charlie.workspace.save()
    assert charlie.workspace.plan.retention_days == 90
    upload(ada)
    hers = files_in(folder)
    upload(charlie)
    with later(days=4000):
        assert prune()["expired_uploads"]["count"] == 1
    assert files_in(folder) == hers


@pytest.mark.parametrize("what", ["another plan", "fewer days"])
def test_nothing_goes_within_a_week_of_a_change(
    operator: Client, ada: Person, film: Generation, what: str
) -> None:
    """Who has old files is told the new day, and has a week to fetch them."""
    with later(days=400):
        operator.force_login(User.objects.get(email="op@example.com"))
        if what == "another plan":
            plan = Plan.objects.get(slug="pro")
            form = f"/admin/accounts/workspace/{ada.workspace.pk}/change/"
            values: dict[str, Any] = {"name": "Ada", "plan": plan.pk}
            members = {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0}
            values |= {f"memberships-{name}": number for name, number in members.items()}
        else:
            form = f"/admin/accounts/plan/{ada.workspace.plan_id}/change/"
            shown_form = operator.get(form).context["adminform"].form
            given = {name: shown_form[name].value() for name in shown_form.fields}
            values = {name: value for name, value in given.items() if value not in (None, False)}
            values["retention_days"] = 30
        assert operator.post(form, values).status_code == 302
        assert prune() == NOTHING
        expiry = datetime.fromisoformat(shown(ada, film)["assets"][0]["expires_at"])
        assert expiry == timezone.now() + timedelta(days=7)
    with later(days=406, hours=23):
        assert prune() == NOTHING
    with later(days=407):
        assert prune()["expired_results"]["count"] == 1


def test_what_an_unfinished_job_needs_stays(
    ada: Person, film: Generation, account: ProviderAccount, folder: Path
) -> None:
    keep_for(ada.workspace, 30)
    asset, picture = Asset.objects.get(), upload(ada)
    needs = {"video": asset.public_id, "images": [{"image": picture["id"]}]}
    job = make_storing(ada.workspace, account, task_id="2", input=needs)
    with later(days=31):
        assert prune() == NOTHING
        Generation.objects.filter(pk=job.pk).update(
            state="failed", due_at=None, finished_at=timezone.now()
        )
        report = prune()
    assert report["expired_results"]["count"] == report["expired_uploads"]["count"] == 1
    assert files_in(folder) == set()


def test_storage_that_is_down_gives_files_up_later(
    ada: Person, film: Generation, folder: Path
) -> None:
    """The rows go first: nobody is offered a file that may be gone."""
    keep_for(ada.workspace, 30)
    home = folder / Asset.objects.get().key.rpartition("/")[0]  # type: ignore[union-attr]
    away = folder / "away"
    home.rename(away)
    home.write_bytes(b"where the folder should be")
    with later(days=30):
        assert prune()["expired_results"]["count"] == 1
        assert shown(ada, film)["assets"] == []
        home.unlink()
        away.rename(home)
        assert prune()["unknown_files"]["count"] == 2
    assert files_in(folder) == set()
