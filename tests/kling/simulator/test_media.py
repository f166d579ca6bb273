"""The files are what the request asked for."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path

import av
import pytest
import requests

from kling.simulator.media import image, recipes, video
from kling.simulator.media.cache import MediaCache
from kling.simulator.server import RunningSimulator

from .caller import Caller


@pytest.fixture
def cloudsway(simulator: RunningSimulator) -> Caller:
    return Caller(simulator, "cloudsway")


def opened(url: str) -> av.container.InputContainer:
    return av.open(io.BytesIO(requests.get(url, timeout=10).content))


@pytest.mark.parametrize(
    ("mode", "ratio", "pixels"),
    [
        ("std", "16:9", (1280, 720)),
        ("std", "9:16", (720, 1280)),
        ("pro", "1:1", (1080, 1080)),
    ],
)
def test_it_draws_the_pixels_of_mode_and_ratio(
    cloudsway: Caller, mode: str, ratio: str, pixels: tuple[int, int]
) -> None:
    item = cloudsway.video(mode=mode, aspect_ratio=ratio, duration="3")
    with opened(item["url"]) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == pixels
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert stream.average_rate == 24
        assert float(stream.duration * stream.time_base) == pytest.approx(3, abs=0.2)


def test_it_draws_4k(tmp_path: Path) -> None:
    recipe = recipes.video({"mode": "4k"}, seconds=1, sound=False)
    video.write(recipe, tmp_path / "clip.mp4", stopping=threading.Event())
    with av.open(str(tmp_path / "clip.mp4")) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (3840, 2160)


@pytest.mark.parametrize(
    ("mode", "seconds", "fps"), [("4k", 5, 24), ("4k", 15, 12), ("pro", 15, 24)]
)
def test_it_halves_the_frames_only_of_long_4k(mode: str, seconds: float, fps: int) -> None:
    assert recipes.video({"mode": mode}, seconds=seconds, sound=False).fps == fps


def test_it_has_sound_when_asked_and_only_then(cloudsway: Caller) -> None:
    silent = cloudsway.video(duration="3", sound="off")
    with opened(silent["url"]) as container:
        assert not container.streams.audio
    loud = cloudsway.video(duration="3", sound="on")
    with opened(loud["url"]) as container:
        (stream,) = container.streams.audio
        assert stream.codec_context.name == "aac"
        assert float(stream.duration * stream.time_base) == pytest.approx(3, abs=0.2)
        levels = [max(bytes(frame.planes[0])) for frame in container.decode(audio=0)]
        assert max(levels) > 0


def test_it_moves(cloudsway: Caller) -> None:
    with opened(cloudsway.video(duration="3")["url"]) as container:
        frames = [bytes(frame.planes[0]) for frame in container.decode(video=0)]
    assert len(frames) == 73
    changed = sum(a != b for a, b in zip(frames[0][::101], frames[-1][::101], strict=True))
    assert changed > len(frames[0][::101]) / 2


def test_it_can_be_played_while_it_loads(cloudsway: Caller) -> None:
    data = requests.get(cloudsway.video(duration="3")["url"], timeout=10).content
    assert data.index(b"moov") < data.index(b"mdat")


def test_it_gives_a_marked_copy_when_asked(cloudsway: Caller) -> None:
    item = cloudsway.video(duration="3", watermark_info={"enabled": True})
    plain, marked = (requests.get(item[k], timeout=10).content for k in ("url", "watermark_url"))
    assert plain != marked
    with av.open(io.BytesIO(marked)) as container:
        assert container.streams.video[0].width == 1280


@pytest.mark.parametrize(
    ("fields", "pixels"),
    [
        ({}, (1360, 768)),
        ({"aspect_ratio": "1:1", "resolution": "2k"}, (2048, 2048)),
        ({"aspect_ratio": "2:3"}, (832, 1248)),
    ],
)
def test_it_draws_pictures(tmp_path: Path, fields: dict[str, str], pixels: tuple[int, int]) -> None:
    first, second = (recipes.image({"prompt": "a fox"} | fields, variant=n) for n in (0, 1))
    image.write(first, tmp_path / "one.png")
    image.write(second, tmp_path / "two.png")
    assert (tmp_path / "one.png").read_bytes() != (tmp_path / "two.png").read_bytes()
    with av.open(str(tmp_path / "one.png")) as container:
        frame = next(container.decode(video=0))
        assert (frame.width, frame.height) == pixels


def test_it_draws_any_prompt(tmp_path: Path) -> None:
    for number, text in enumerate(["", "猫在沙发上", "x" * 2500, "[fail] " * 200, "'\\:%{}"]):
        path = tmp_path / f"{number}.png"
        image.write(recipes.image({"prompt": text}, variant=0), path)
        assert path.stat().st_size > 1000


def test_it_draws_a_file_once(tmp_path: Path, wait_until: Callable[..., None]) -> None:
    cache = MediaCache(tmp_path / "media")
    recipe = recipes.image({"prompt": "once"}, variant=0)
    barrier = threading.Barrier(6)

    def ask() -> None:
        barrier.wait()
        for _ in range(20):
            cache.ready(recipe)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: cache.ready(recipe))
    assert cache.rendered == [recipe.filename]
    assert [path.name for path in cache.folder.iterdir()] == [recipe.filename]
    cache.close()


def test_it_draws_whole_files_for_two_at_once(
    tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    caches = [MediaCache(tmp_path / "media") for _ in range(2)]
    recipe = recipes.audio({"prompt": "both"}, kind="mp3", seconds=3)
    wait_until(lambda: all([cache.ready(recipe) for cache in caches]))  # noqa: C419 - both begin
    wait_until(lambda: [f.name for f in caches[0].folder.iterdir()] == [recipe.filename])
    assert caches[0].duration(recipe) == "3.0"
    for cache in caches:
        cache.close()


def test_it_breaks_off_when_told_to_stop(tmp_path: Path) -> None:
    stopping = threading.Event()
    stopping.set()
    recipe = recipes.video({"mode": "4k"}, seconds=15, sound=True)
    with pytest.raises(video.Stopped):
        video.write(recipe, tmp_path / "clip.mp4", stopping=stopping)
