"""Storing 100 MB, of 4K too, adds at most 64 MiB of memory, PyAV included; in S3 as well."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.generations import media
from tests.generations.media_server import MediaServer, whole

ROOT = Path(__file__).parents[2]
SIZE = 100_000_000
DATABASE = "memory.sqlite3"
MOST = 64 * 1024  # kB


def run(*arguments: str, storage: str, folder: Path) -> str:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "kling_saas.settings",
        "DATABASE_URL": f"sqlite:///{folder / DATABASE}",
        "STORAGE_URL": storage,
        "FETCH_ALLOW_PRIVATE": "on",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def added(url: str, *, storage: str, folder: Path) -> int:
    arguments = ("-m", "tests.generations.measure_memory", url)
    words = run(*arguments, storage=storage, folder=folder).split()
    assert words[-3:-1] == ["succeeded", str(SIZE)]
    return int(words[-1])


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("migrated")
    run("manage.py", "migrate", "-v0", storage=f"file:{folder}", folder=folder)
    return folder / DATABASE


@pytest.fixture
def folder(migrated: Path, tmp_path: Path) -> Path:
    shutil.copy(migrated, tmp_path)
    return tmp_path


def large_film(host: MediaServer, *, width: int, height: int) -> str:
    film = media.padded(media.mp4(seconds=1, width=width, height=height), SIZE)
    return host.on("/large.mp4", whole(film))


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (2160, 3840)])
def test_it_needs_little_memory_in_a_folder(
    host: MediaServer, folder: Path, width: int, height: int
) -> None:
    film = large_film(host, width=width, height=height)
    kilobytes = added(film, storage=f"file:{folder / 'media'}", folder=folder)
    assert kilobytes <= MOST


def test_it_needs_little_memory_with_s3(host: MediaServer, folder: Path) -> None:
    film = large_film(host, width=1920, height=1080)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    try:
        client = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        client.create_bucket(Bucket="results")
        storage = f"s3://results?endpoint_url={url}&region=us-east-1"
        kilobytes = added(film, storage=storage, folder=folder)
    finally:
        server.stop()
    assert kilobytes <= MOST
