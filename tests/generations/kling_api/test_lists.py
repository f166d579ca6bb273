"""Lists cost the database the same, however long they are."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from generations.models import ProviderAccount
from tests.conftest import Person
from tests.generations.builders import make_storing, output
from tests.generations.kling_api.conftest import KlingApi
from tests.working import finish

pytestmark = pytest.mark.django_db


def test_a_list_of_voices_asks_no_more_for_more_of_them(
    ada: Person, kling: KlingApi, cloudsway: ProviderAccount
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert kling.get("general/custom-voices").json()["code"] == 0
        return len(found)

    queries()  # the first one notes the use of the key
    counts = []
    for place in range(3):
        voice = output("", "voice", provider_id=str(place), details={"name": "Ada"})
        fields = {"operation": "custom-voice", "model": "custom-voice"}
        finish(
            make_storing(ada.workspace, cloudsway, voice, task_id=str(place), **fields).public_id
        )
        counts.append(queries())
    assert len(set(counts)) == 1, counts
