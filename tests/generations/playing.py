"""Results as somebody who downloads them finds them."""

from __future__ import annotations

import io
from typing import Any

import av

from generations.models import Asset
from tests.conftest import Person


def assert_it_plays(person: Person, asset: dict[str, Any]) -> None:
    kind = Asset.objects.get(public_id=asset["id"]).media_type.partition("/")[0]
    content = person.api.get(f"/assets/{asset['id']}/content")
    body = b"".join(content.streaming_content) if content.streaming else content.content
    assert len(body) == asset["bytes"]
    with av.open(io.BytesIO(body)) as opened:
        streams = opened.streams.audio if kind == "audio" else opened.streams.video
        assert next(opened.decode(streams[0]))
