"""`manage.py prune`: files that no row knows go, and nothing that may still be needed."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django_q.models import Schedule

from generations import tasks
from generations.models import Asset, Generation, Origin, ProviderAccount, Upload
from tests.conftest import Person
from tests.generations import media
from tests.generations.builders import make_storing, output
from tests.generations.media_server import TASK, MediaServer, whole
from tests.generations.pruned import NOTHING, files_in, later, prune, removed, write

pytestmark = pytest.mark.django_db
LEFT_OVER = len(b"left over")


@pytest.fixture
def film(ada: Person, account: ProviderAccount, host: MediaServer) -> Generation:
    """Not stored yet."""
    link = host.on("/film.mp4", whole(media.mp4()))
    return make_storing(ada.workspace, account, output(link), task_id=TASK)


def home(generation: Generation) -> str:
    return f"{generation.workspace.public_id}/{generation.public_id}"


def upload(person: Person) -> Upload:
    file = SimpleUploadedFile("sea.png", media.png(), content_type="image/png")
    assert person.api.client.post("/api/v1/uploads", {"file": file}).status_code == 201
    return Upload.objects.get()


def test_it_removes_what_no_row_knows(ada: Person, film: Generation, folder: Path) -> None:
    tasks.store(film.pk)
    upload(ada)
    known = files_in(folder)
    for name in known:
        os.utime(folder / name, (0, 0))
    unknown = [
        f"{home(film)}/0.webm",
        f"{home(film)}/7.poster.jpg",
        f"{ada.workspace.public_id}/gen_never/0.mp4",
        f"{ada.workspace.public_id}/uploads/upl_lost.png",
    ]
    for key in unknown:
        write(folder, key)
    expected = removed(unknown_files=(4, 4 * LEFT_OVER))
    assert prune("--dry-run") == expected
    assert files_in(folder) == known | set(unknown)
    assert prune() == expected
    assert files_in(folder) == known
    assert prune() == NOTHING


def test_it_leaves_alone_what_is_not_ours(ada: Person, folder: Path) -> None:
    """An operator's own files, and folders of workspaces that this database does not know."""
    for key in ("readme.txt", "wsp_other/gen_x/0.mp4", f"{ada.workspace.public_id}/notes.txt"):
        write(folder, key)
    before = files_in(folder)
    assert prune() == NOTHING
    assert files_in(folder) == before


def test_it_leaves_young_files_alone(ada: Person, folder: Path) -> None:
    """An upload is stored a moment before its row is written."""
    path = write(folder, f"{ada.workspace.public_id}/uploads/upl_new.png", days_old=0.9)
    assert prune() == NOTHING
    assert path.exists()


def test_it_leaves_a_job_alone_that_is_being_stored(film: Generation, folder: Path) -> None:
    """However long storage was down: what was stored of a set comes into the row at its end."""
    path = write(folder, f"{home(film)}/0.mp4", days_old=30)
    assert prune() == NOTHING
    assert path.exists()
    tasks.store(film.pk)
    assert prune() == NOTHING
    assert path.read_bytes() == media.mp4()


def test_it_leaves_a_failed_job_alone_while_it_may_still_succeed(
    film: Generation, folder: Path
) -> None:
    path = write(folder, f"{home(film)}/0.mp4", days_old=30)
    for days, report in ((6, NOTHING), (8, removed(unknown_files=(1, LEFT_OVER)))):
        ended = timezone.now() - timedelta(days=days)
        Generation.objects.update(state="failed", due_at=None, finished_at=ended)
        assert path.exists()
        assert prune() == report
    assert not path.exists()


def test_it_removes_what_a_deletion_left(ada: Person, film: Generation, folder: Path) -> None:
    tasks.store(film.pk)
    assert ada.api.delete(f"/generations/{film.public_id}").status_code == 204
    for name in files_in(folder):
        os.utime(folder / name, (0, 0))
    assert prune()["unknown_files"]["count"] == 2
    assert files_in(folder) == set()


def test_it_removes_temporary_files_of_killed_workers(folder: Path) -> None:
    write(folder, ".incoming/kling-old")
    young = write(folder, ".incoming/kling-young", days_old=0)
    expected = removed(temporary_files=(1, LEFT_OVER))
    assert prune("--dry-run") == expected
    assert prune() == expected
    assert files_in(folder) == {str(young.relative_to(folder))}


@pytest.mark.parametrize(
    ("origin", "used", "goes"),
    [
        (Origin.INLINE, False, True),
        (Origin.LINK, False, True),
        (Origin.INLINE, True, False),
        (Origin.UPLOAD, False, False),
    ],
)
def test_it_removes_abandoned_uploads(
    ada: Person, account: ProviderAccount, folder: Path, origin: str, used: bool, goes: bool
) -> None:
    """Those that came inside a request of which no job came; what somebody uploaded stays."""
    one = upload(ada)
    Upload.objects.update(origin=origin)
    if used:
        make_storing(ada.workspace, account, task_id="1", input={"images": [one.public_id]})
    with later(days=6):
        assert prune() == NOTHING
    with later(days=8):
        expected = removed(abandoned_uploads=(1, one.bytes)) if goes else NOTHING
        assert prune("--dry-run") == expected
        assert prune() == expected
    assert Upload.objects.exists() is not goes
    assert bool(files_in(folder)) is not goes


def test_it_says_that_storage_is_down(ada: Person, folder: Path, capsys: Any) -> None:
    folder.write_bytes(b"where the folder should be")
    with pytest.raises(SystemExit) as ended:
        prune()
    assert ended.value.code == 1


def test_it_runs_on_a_schedule(ada: Person, film: Generation, folder: Path) -> None:
    assert Schedule.objects.filter(func="generations.tasks.prune_files").exists()
    write(folder, f"{ada.workspace.public_id}/uploads/upl_lost.png")
    tasks.prune_files()
    assert files_in(folder) == set()
    assert Asset.objects.count() == 0
