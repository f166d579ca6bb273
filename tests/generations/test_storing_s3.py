"""The same over S3's wire protocol, against moto's server."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
import requests
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from moto.server import ThreadedMotoServer

from generations import links, tasks
from generations.models import Asset, Generation, ProviderAccount, State
from kling_saas import services
from tests.conftest import Person
from tests.generations import media
from tests.generations.builders import make_due, make_storing, output
from tests.generations.media_server import TASK, MediaServer, whole
from tests.generations.pruned import NOTHING, later, prune, removed

pytestmark = pytest.mark.django_db

BUCKET = "results"
SIZE = 20_000_000  # in parts: one part has 8 MiB


@cache
def large() -> bytes:
    return media.padded(media.mp4(), SIZE)


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(
    s3_server: str, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Any]:
    """The bucket that the product stores in, seen by somebody else."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    requests.post(f"{s3_server}/moto-api/reset", timeout=10)
    resource = boto3.resource("s3", endpoint_url=s3_server, region_name="us-east-1")
    made = resource.create_bucket(Bucket=BUCKET)
    use(f"s3://{BUCKET}/media?endpoint_url={s3_server}&region=us-east-1", settings, tmp_path)
    yield made
    resource.meta.client.close()


def use(url: str, settings: Any, tmp_path: Path) -> None:
    """What STORAGE_URL does."""
    default = services.storages(url, base=tmp_path, collected=False)["default"]
    settings.STORAGES = {**settings.STORAGES, "default": default}


@pytest.fixture
def film(ada: Person, account: ProviderAccount, host: MediaServer, bucket: Any) -> Generation:
    link = host.on("/film.mp4", whole(large()))
    return make_storing(ada.workspace, account, output(link), task_id=TASK)


def store(generation: Generation) -> Asset:
    tasks.store(generation.pk)
    generation.refresh_from_db()
    assert generation.state == State.SUCCEEDED, generation.attention
    return generation.assets.get()


def keys(bucket: Any) -> list[str]:
    return sorted(entry.key for entry in bucket.objects.all())


def test_it_stores_a_film_in_parts(film: Generation, bucket: Any) -> None:
    asset = store(film)
    place = f"media/{film.workspace.public_id}/{film.public_id}"
    assert keys(bucket) == [f"{place}/0.mp4", f"{place}/0.poster.jpg"]
    stored = bucket.Object(f"{place}/0.mp4").get()
    assert stored["ETag"].strip('"').endswith("-3")  # three parts
    assert hashlib.sha256(stored["Body"].read()).hexdigest() == asset.sha256


def test_it_serves_it_through_us(film: Generation) -> None:
    """Pages may play media from their own host only."""
    asset = store(film)
    path = urlsplit(links.signed_url(asset)).path
    response = Client().get(path)
    assert response.status_code == 200
    assert b"".join(response.streaming_content) == large()
    part = Client().get(path, headers={"Range": "bytes=-1000"})
    assert part.status_code == 206
    assert part["Content-Range"] == f"bytes 19999000-19999999/{SIZE}"
    assert b"".join(part.streaming_content) == large()[-1000:]
    poster = Client().get(urlsplit(links.signed_url(asset, poster=True)).path)
    assert next(iter(poster.streaming_content)).startswith(b"\xff\xd8\xff")


def test_it_sends_programs_to_the_bucket(ada: Person, film: Generation, s3_server: str) -> None:
    asset = store(film)
    response = ada.api.get(f"/assets/{asset.public_id}/content", download="1")
    assert response.status_code == 302
    assert response["Cache-Control"] == "no-store"
    assert response["Location"].startswith(f"{s3_server}/{BUCKET}/media/")
    file = requests.get(response["Location"], timeout=10, headers={"Range": "bytes=0-99"})
    assert (file.status_code, file.content) == (206, large()[:100])
    assert file.headers["Content-Type"] == "video/mp4"
    assert file.headers["Content-Disposition"].startswith("attachment; filename=")


def test_it_overwrites_what_an_interrupted_run_has_left(film: Generation, bucket: Any) -> None:
    key = f"media/{film.workspace.public_id}/{film.public_id}/0.mp4"
    bucket.put_object(Key=key, Body=b"half a film")
    store(film)
    assert bucket.Object(key).content_length == SIZE
    assert len(keys(bucket)) == 2


def test_it_waits_for_a_bucket_that_is_down(
    film: Generation, bucket: Any, s3_server: str, settings: Any, tmp_path: Path
) -> None:
    use("s3://results?endpoint_url=http://127.0.0.1:9&region=us-east-1", settings, tmp_path)
    for _ in range(6):
        tasks.store(make_due(film).pk)
    film.refresh_from_db()
    assert film.state == State.STORING
    assert "Storage" in film.attention
    use(f"s3://{BUCKET}?endpoint_url={s3_server}&region=us-east-1", settings, tmp_path)
    store(make_due(film))
    assert len(keys(bucket)) == 2


def test_it_waits_for_a_bucket_that_does_not_exist(
    film: Generation, s3_server: str, settings: Any, tmp_path: Path
) -> None:
    use(f"s3://other?endpoint_url={s3_server}&region=us-east-1", settings, tmp_path)
    tasks.store(film.pk)
    film.refresh_from_db()
    assert film.state == State.STORING


def test_it_says_404_for_a_file_that_is_gone_and_503_for_a_bucket_that_is_down(
    film: Generation, bucket: Any, settings: Any, tmp_path: Path
) -> None:
    asset = store(film)
    content, poster = (urlsplit(links.signed_url(asset, poster=p)).path for p in (False, True))
    bucket.objects.delete()
    assert Client().get(content).status_code == 404
    assert Client().get(poster).status_code == 404
    use("s3://results?endpoint_url=http://127.0.0.1:9&region=us-east-1", settings, tmp_path)
    assert Client().get(content).status_code == 503
    assert Client().get(poster).status_code == 503


def test_it_erases_a_deleted_generation(ada: Person, film: Generation, bucket: Any) -> None:
    store(film)
    bucket.put_object(Key="media/other", Body=b"stays")
    assert ada.api.delete(f"/generations/{film.public_id}").status_code == 204
    tasks.erase(film.pk)
    assert keys(bucket) == ["media/other"]


def test_it_stores_uploads(ada: Person, bucket: Any) -> None:
    file = SimpleUploadedFile("a.png", media.png())
    answer = ada.api.client.post("/api/v1/uploads", {"file": file}).json()
    assert keys(bucket) == [f"media/{ada.workspace.public_id}/uploads/{answer['id']}.png"]


def test_it_prunes(ada: Person, film: Generation, bucket: Any) -> None:
    """Unknown files, and the parts of an upload that broke off, of this installation only."""
    asset = store(film)
    unknown = f"{ada.workspace.public_id}/gen_never/0.mp4"
    for prefix in ("media", "elsewhere"):
        bucket.put_object(Key=f"{prefix}/{unknown}", Body=b"left over")
    with later(hours=23):
        assert prune() == NOTHING
    for prefix in ("media", "elsewhere"):
        key = f"{prefix}/{ada.workspace.public_id}/gen_never/1.mp4"
        bucket.Object(key).initiate_multipart_upload()
    with later(days=2):
        assert prune() == removed(unknown_files=(1, 9), unfinished_transfers=1)
        assert prune() == NOTHING
    left = {one.key for one in bucket.objects.all()}
    assert left == {f"media/{asset.key}", f"media/{asset.poster_key}", f"elsewhere/{unknown}"}
    assert [one.object_key[:9] for one in bucket.multipart_uploads.all()] == ["elsewhere"]


def test_it_says_that_s3_is_down(
    ada: Person, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    use("s3://nowhere?endpoint_url=http://127.0.0.1:9&region=us-east-1", settings, tmp_path)
    with pytest.raises(SystemExit) as ended:
        prune()
    assert ended.value.code == 1
