"""Files that people give us: `POST /api/v1/uploads`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.access import Actor, NotPermitted
from accounts.keys import create_key
from accounts.models import Plan, Role, Scope
from generations import uploads
from generations.models import Upload
from tests.conftest import Api, Person
from tests.generations import media

pytestmark = pytest.mark.django_db


def upload(person: Person, content: bytes, name: str = "lighthouse.png") -> Any:
    file = SimpleUploadedFile(name, content, content_type="image/png")
    return person.api.client.post("/api/v1/uploads", {"file": file})


def actor(person: Person) -> Actor:
    return Actor(workspace=person.workspace, user=person.user, role=Role.OWNER)


def files_in(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


def test_it_takes_a_picture(ada: Person, folder: Path) -> None:
    content = media.png()
    response = upload(ada, content)
    assert response.status_code == 201
    answer = response.json()
    assert answer.pop("created_at")
    public_id = answer.pop("id")
    assert public_id.startswith("upl_")
    assert answer == {
        "kind": "image",
        "media_type": "image/png",
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "width": 64,
        "height": 48,
        "duration_seconds": None,
        "filename": "lighthouse.png",
        "expires_at": None,  # Ada's plan keeps files for ever.
    }
    key = f"{ada.workspace.public_id}/uploads/{public_id}.png"
    assert files_in(folder) == [key]
    assert (folder / key).read_bytes() == content


@pytest.mark.parametrize(
    ("maker", "kind", "media_type"),
    [
        (media.mp4, "video", "video/mp4"),
        (media.mov, "video", "video/quicktime"),
        (media.webm, "video", "video/webm"),
        (media.jpeg, "image", "image/jpeg"),
        (media.webp, "image", "image/webp"),
        (media.mp3, "audio", "audio/mpeg"),
        (media.wav, "audio", "audio/wav"),
        (media.m4a, "audio", "audio/mp4"),
        (media.aac, "audio", "audio/aac"),
    ],
)
def test_it_goes_by_the_content_not_the_name(
    ada: Person, maker: Any, kind: str, media_type: str
) -> None:
    answer = upload(ada, maker(), "picture.png.exe").json()
    assert (answer["kind"], answer["media_type"]) == (kind, media_type)


def test_it_takes_a_large_film(ada: Person) -> None:
    content = media.padded(media.mp4(), 5_000_000)  # too large for memory, by Django's setting
    answer = upload(ada, content, "film.mp4").json()
    assert (answer["bytes"], answer["duration_seconds"]) == (5_000_000, "1.000")


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "empty_file"),
        (b"Hello", 415, "unsupported_media_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "unsupported_media_type"),
        (b"#EXTM3U\nhttp://127.0.0.1/secret\n", 415, "unsupported_media_type"),
        (b"GIF89a" + bytes(100), 415, "unsupported_media_type"),
        (media.png()[:-100], 422, "broken_file"),
        (media.mp4()[:-100], 422, "broken_file"),
        (media.png()[:20] + bytes(100) + media.png()[-12:], 422, "broken_file"),
    ],
)
def test_it_refuses_what_cannot_be_used(
    ada: Person, folder: Path, content: bytes, status: int, code: str
) -> None:
    response = upload(ada, content)
    assert response.status_code == status
    problem = response.json()
    if status == 422:
        [error] = problem["errors"]
        assert (error["field"], error["code"]) == ("file", code)
    else:
        assert problem["code"] == code
    assert (files_in(folder), Upload.objects.count()) == ([], 0)


def test_it_refuses_a_request_without_a_file(ada: Person) -> None:
    response = ada.api.client.post("/api/v1/uploads", {"other": "thing"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "file"


def test_it_refuses_one_byte_too_many(ada: Person, settings: Any, folder: Path) -> None:
    settings.MAX_UPLOAD_BYTES = len(media.png())
    assert upload(ada, media.png()).status_code == 201
    settings.MAX_UPLOAD_BYTES -= 1
    response = upload(ada, media.png())
    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert len(files_in(folder)) == 1


def test_it_keeps_to_the_plans_storage(ada: Person, folder: Path) -> None:
    size = len(media.png())
    ada.workspace.plan = Plan.objects.create(slug="tiny", name="Tiny", storage_bytes=2 * size)
    ada.workspace.save(update_fields=["plan"])
    assert [upload(ada, media.png()).status_code for _ in range(3)] == [201, 201, 429]
    assert len(files_in(folder)) == 2


def test_it_refuses_strangers_and_readers(ada: Person, nobody: Api) -> None:
    file = SimpleUploadedFile("a.png", media.png())
    assert nobody.client.post("/api/v1/uploads", {"file": file}).status_code == 401
    _, key = create_key(by=actor(ada), label="reader", scopes={Scope.READ})
    file.seek(0)
    assert Api(key).client.post("/api/v1/uploads", {"file": file}).status_code == 403


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("photo.png", "photo.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\photo.png", "photo.png"),
        ("bad\x00\r\nname\u202egnp.exe", "badnamegnp.exe"),
        ("Cafe\u0301.png", "Café.png"),
        ("x" * 300 + ".png", "x" * 200),
        ("..", ".."),
        ("", ""),
    ],
)
def test_it_keeps_the_name_only_as_a_label(name: str, label: str) -> None:
    assert uploads.label_of(name) == label


def test_it_says_so_when_storage_is_down(ada: Person, folder: Path) -> None:
    folder.write_bytes(b"where the folder should be")
    response = upload(ada, media.png())
    assert (response.status_code, response.json()["code"]) == (503, "storage_unavailable")
    assert str(folder) not in response.content.decode()
    assert Upload.objects.count() == 0


def test_it_deletes_an_upload(ada: Person, folder: Path) -> None:
    upload(ada, media.png())
    row = Upload.objects.get()
    viewer = Actor(workspace=ada.workspace, user=ada.user, role=Role.VIEWER)
    with pytest.raises(NotPermitted):
        uploads.delete_upload(row, by=viewer)
    uploads.delete_upload(row, by=actor(ada))
    assert (files_in(folder), Upload.objects.count()) == ([], 0)
