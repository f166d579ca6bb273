from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from kling_saas import health
from tests.installation import ROOT
from worker.models import Heartbeat


@pytest.fixture(autouse=True)
def asks_the_storage_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "storage", health.StorageCheck())


@pytest.fixture
def worker(db: None) -> Heartbeat:
    return Heartbeat.objects.create(
        worker_id="w", host="h", started_at=timezone.now(), beat_at=Now()
    )


def readiness() -> tuple[int, dict[str, Any]]:
    answer = Client().get("/readyz")
    return answer.status_code, answer.json()


def test_it_lives_without_a_database() -> None:
    # Without the fixture `db` a query would fail the test.
    answer = Client().get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "alive"}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_it_answers_probes_that_call_it_by_address(worker: Heartbeat, path: str) -> None:
    answer = Client().get(path, headers={"Host": "10.1.2.3:8000"})
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"


def test_it_redirects_no_probe_to_https(worker: Heartbeat, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get("/readyz").status_code == 200


def test_it_is_ready_with_everything_in_place(worker: Heartbeat) -> None:
    everything = dict.fromkeys(("database", "migrations", "worker", "storage"), "ok")
    assert readiness() == (200, {"status": "ready", "checks": everything})


@pytest.mark.parametrize("age", [None, 61, 3600])
def test_it_is_not_ready_without_a_worker(worker: Heartbeat, age: int | None) -> None:
    beat_at = None if age is None else Now() - timedelta(seconds=age)
    Heartbeat.objects.update(beat_at=beat_at)
    status, body = readiness()
    assert (status, body["status"]) == (503, "unready")
    assert "no heartbeat in 60 s" in body["checks"]["worker"]
    assert body["checks"]["database"] == body["checks"]["storage"] == "ok"


def test_it_is_ready_with_a_worker_that_was_heard_a_minute_ago(worker: Heartbeat) -> None:
    Heartbeat.objects.update(beat_at=Now() - timedelta(seconds=50))
    assert readiness()[0] == 200


def test_it_is_not_ready_before_its_migrations(worker: Heartbeat) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'worker' AND name LIKE '0003%%'")
    status, body = readiness()
    assert status == 503
    assert body["checks"]["migrations"] == "1 not applied: run manage.py migrate"


def test_it_is_not_ready_without_storage(worker: Heartbeat, settings: Any, tmp_path: Path) -> None:
    blocked = tmp_path / "no-folder"
    blocked.touch()
    backend = "django.core.files.storage.FileSystemStorage"
    storage = {"BACKEND": backend, "OPTIONS": {"location": str(blocked)}}
    settings.STORAGES = {**settings.STORAGES, "default": storage}
    status, body = readiness()
    assert status == 503
    assert body["checks"]["storage"].startswith("cannot be written and read")
    assert str(tmp_path) not in json.dumps(body)


def test_it_leaves_nothing_in_the_storage(worker: Heartbeat, settings: Any) -> None:
    readiness()
    media = Path(settings.STORAGES["default"]["OPTIONS"]["location"])
    assert [path for path in media.rglob("*") if path.is_file()] == []


def test_it_is_not_ready_without_a_database_and_says_nothing_of_it(tmp_path: Path) -> None:
    ask = (
        "import django; django.setup(); from django.test import Client;"
        "answer = Client().get('/readyz'); print(answer.status_code, answer.content.decode())"
    )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "kling_saas.settings",
        "DATABASE_URL": "postgres://operator:opensesame@127.0.0.1:1/kling",
        "VAR_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", ask], env=environment, cwd=ROOT, capture_output=True, timeout=60
    )
    status, _, body = done.stdout.decode().partition(" ")
    assert status == "503", done.stderr
    checks = json.loads(body)["checks"]
    assert checks["database"] == "does not answer (OperationalError)"
    assert checks["storage"] == "ok"
    assert "opensesame" not in body
    assert "127.0.0.1" not in body
