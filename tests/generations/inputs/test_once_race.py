"""Requests with the same file at the same moment keep it once."""

from __future__ import annotations

from typing import Any

import pytest

from generations.models import Generation, ProviderAccount, Upload
from tests.conftest import Person
from tests.generations import media
from tests.generations.inputs.asking import encoded, film_of
from tests.generations.test_idempotency import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
MANY = 8


def test_one_picture_is_kept_once(ada: Person, cloudsway: ProviderAccount, folder: Any) -> None:
    body = film_of(encoded(media.flat_png()))
    answers = at_once(MANY, lambda: ada.api.post("/generations", body).status_code)
    assert answers == [202] * MANY
    upload = Upload.objects.get()
    images = [job.input["image"] for job in Generation.objects.all()]
    assert images == [upload.public_id] * MANY
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 1


def test_different_pictures_are_all_kept(ada: Person, cloudsway: ProviderAccount) -> None:
    """The control."""
    bodies = iter([film_of(encoded(media.flat_png(shade=shade))) for shade in range(MANY)])
    answers = at_once(MANY, lambda: ada.api.post("/generations", next(bodies)).status_code)
    assert answers == [202] * MANY
    assert Upload.objects.count() == MANY
