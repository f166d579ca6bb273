from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from generations.models import Generation, ProviderAccount
from tests.conftest import Person
from tests.generations.test_main_job import SOUND, VIDEO, create

pytestmark = pytest.mark.django_db


def test_it_pages_newest_first(ada: Person, cloudsway: ProviderAccount) -> None:
    made = [create(ada.api, SOUND)["id"] for _ in range(5)]
    seen, cursor = [], None
    while True:
        query = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = ada.api.get("/generations", **query).json()
        assert len(page["data"]) <= 2
        seen += [row["id"] for row in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == made[::-1]


def test_it_stays_in_place_while_jobs_are_added(ada: Person, cloudsway: ProviderAccount) -> None:
    made = [create(ada.api, SOUND)["id"] for _ in range(3)]
    page = ada.api.get("/generations", limit="2").json()
    create(ada.api, SOUND)
    rest = ada.api.get("/generations", limit="2", cursor=page["next_cursor"]).json()
    assert [row["id"] for row in rest["data"]] == [made[0]]


def test_it_filters(ada: Person, cloudsway: ProviderAccount) -> None:
    sound, video = create(ada.api, SOUND)["id"], create(ada.api, VIDEO)["id"]
    ada.api.post(f"/generations/{sound}/cancel")
    later = (timezone.now() + timedelta(hours=1)).isoformat()

    def ids(**query: str) -> list[str]:
        return [row["id"] for row in ada.api.get("/generations", **query).json()["data"]]

    assert ids(status="canceled") == [sound]
    assert ids(operation="text-to-video") == [video]
    assert ids(created_after=later) == []
    assert ids(created_before=later) == [video, sound]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "many"},
        {"cursor": "!"},
        {"cursor": "YWJj"},
        {"status": "done"},
        {"operation": "text-to-smell"},
        {"created_after": "yesterday"},
    ],
    ids=str,
)
def test_it_names_the_wrong_parameter(ada: Person, query: dict[str, str]) -> None:
    response = ada.api.get("/generations", **query)
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == next(iter(query))


def test_it_shows_no_stranger_anything(
    ada: Person, charlie: Person, cloudsway: ProviderAccount
) -> None:
    public_id = create(ada.api, SOUND)["id"]
    assert charlie.api.get("/generations").json()["data"] == []
    for answer in (
        charlie.api.get(f"/generations/{public_id}"),
        charlie.api.delete(f"/generations/{public_id}"),
        charlie.api.post(f"/generations/{public_id}/cancel"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert Generation.objects.get(public_id=public_id).state == "queued"


def test_it_counts_usage_by_day_and_operation(ada: Person, cloudsway: ProviderAccount) -> None:
    create(ada.api, SOUND), create(ada.api, SOUND), create(ada.api, VIDEO)
    rows = ada.api.get("/usage").json()["data"]
    assert [(row["operation"], row["count"]) for row in rows] == [
        ("text-to-audio", 2),
        ("text-to-video", 1),
    ]
    assert ada.api.get("/usage", **{"from": "2026-01-02", "to": "2026-01-01"}).status_code == 422


@pytest.mark.parametrize("public_id", ["gen_%00", "gen_%F0%9F%8E%AC", "..%2F..", "x" * 2000])
def test_it_looks_for_nothing_that_cannot_be_an_id(
    ada: Person, cloudsway: ProviderAccount, public_id: str
) -> None:
    for path in (f"/generations/{public_id}", f"/assets/{public_id}", f"/operations/{public_id}"):
        response = ada.api.get(path)
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
