"""What a file is, whether it is whole, and how large: told from its bytes."""

from __future__ import annotations

import struct
import sys
import zlib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from generations.media import posters, probing
from generations.media.errors import BrokenMedia
from generations.media.probing import Probe
from generations.media.sniffing import sniff, sniff_file
from tests.generations import media

MAKERS: dict[str, Callable[[], bytes]] = {
    "video/mp4": media.mp4,
    "video/quicktime": media.mov,
    "video/webm": media.webm,
    "image/png": media.png,
    "image/jpeg": media.jpeg,
    "image/webp": media.webp,
    "audio/mpeg": media.mp3,
    "audio/wav": media.wav,
    "audio/mp4": media.m4a,
    "audio/aac": media.aac,
}
# AAC in ADTS frames says nowhere how long it is.
TELL_THEIR_END = sorted(set(MAKERS) - {"audio/aac"})

PROBES = {
    "video/mp4": Probe(320, 180, Decimal("1.000"), Decimal(24)),
    "video/quicktime": Probe(64, 36, Decimal("0.500"), Decimal(24)),
    "video/webm": Probe(64, 36, Decimal("0.500"), Decimal(24)),
    "image/png": Probe(64, 48, None),
    "image/jpeg": Probe(64, 48, None),
    "image/webp": Probe(64, 48, None),
    "audio/mpeg": Probe(None, None, Decimal("1.000")),
    "audio/wav": Probe(None, None, Decimal("1.000")),
    "audio/mp4": Probe(None, None, Decimal("1.000")),
}

STRANGERS = {
    "web page": b"<!doctype html><html><body>Sign in</body></html>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "playlist": b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\nhttp://127.0.0.1/secret\n",
    "ffconcat": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "gif": b"GIF89a" + bytes(50),
    "pdf": b"%PDF-1.7\n" + bytes(50),
    "zip": b"PK\x03\x04" + bytes(50),
    "heic": b"\0\0\0\x18ftypheic" + bytes(50),
    "avi": b"RIFF\0\0\0\0AVI " + bytes(50),
    "matroska": b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska" + bytes(40),
    "text": b"Hello",
    "one byte": b"\xff",
    "nothing": b"",
    "noise like mp3": b"\xff\xff\xff\xff" + bytes(50),
}


def written(folder: Path, content: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", MAKERS)
def test_it_knows_the_type(tmp_path: Path, name: str) -> None:
    found = sniff_file(written(tmp_path, MAKERS[name]()))
    assert found is not None
    assert (found.name, found.kind) == (name, "audio" if name[0] == "a" else found.kind)


@pytest.mark.parametrize("name", STRANGERS)
def test_it_takes_nothing_else(name: str) -> None:
    assert sniff(STRANGERS[name]) is None


@pytest.mark.parametrize("name", PROBES)
def test_it_measures(tmp_path: Path, name: str) -> None:
    content = MAKERS[name]()
    found = sniff(content[:64])
    assert found is not None
    assert probing.probe(written(tmp_path, content), found) == PROBES[name]


@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
@pytest.mark.parametrize("name", TELL_THEIR_END)
def test_it_refuses_a_file_without_its_end(tmp_path: Path, name: str, share: float) -> None:
    content = MAKERS[name]()
    found = sniff(content[:64])
    assert found is not None
    path = written(tmp_path, content[: int(len(content) * share)])
    with pytest.raises(BrokenMedia):
        probing.probe(path, found)


@pytest.mark.parametrize("name", TELL_THEIR_END)
def test_it_sees_a_missing_end_without_the_extra(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = MAKERS[name]()
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    found = sniff(content[:64])
    assert found is not None
    assert probing.probe(written(tmp_path, content), found) == Probe()
    with pytest.raises(BrokenMedia):
        probing.probe(written(tmp_path, content[: len(content) // 2]), found)


@pytest.mark.parametrize("name", MAKERS)
def test_it_refuses_noise_under_a_right_signature(tmp_path: Path, name: str) -> None:
    head = MAKERS[name]()[:64]
    found = sniff(head)
    assert found is not None
    with pytest.raises(BrokenMedia):
        probing.probe(written(tmp_path, head[:20] + b"\xa5" * 4000), found)


def test_it_refuses_a_film_without_pictures(tmp_path: Path) -> None:
    content = media.m4a().replace(b"ftypM4A ", b"ftypisom", 1)
    found = sniff(content[:64])
    assert found is not None
    with pytest.raises(BrokenMedia, match="no video in it"):
        probing.probe(written(tmp_path, content), found)


def blank_png(width: int, height: int) -> bytes:
    """A whole picture of zeros, a thousandth of the size that it decodes to."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)

    packer = zlib.compressobj()
    rows = b"".join(packer.compress(bytes(1 + 3 * width)) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", rows), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def peak_memory(*, forget: bool = False) -> int:
    """The most memory of this process in kB, ever or since it was told to forget."""
    if forget:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def test_it_refuses_a_picture_that_would_fill_the_memory(tmp_path: Path) -> None:
    content = blank_png(9000, 9000)
    found = sniff(content[:64])
    assert found is not None
    path = written(tmp_path, content)
    before = peak_memory(forget=True)
    with pytest.raises(BrokenMedia, match="too large"):
        probing.probe(path, found)
    assert peak_memory() - before < 100_000  # kB; decoded, the picture has 243 MB


def test_it_takes_a_photo_with_a_film_behind_it(tmp_path: Path) -> None:
    content = media.jpeg() + media.mp4()
    found = sniff(content[:64])
    assert found is not None
    assert probing.probe(written(tmp_path, content), found).width == 64


def test_it_takes_a_wav_made_as_a_stream(tmp_path: Path) -> None:
    content = media.wav()
    content = content[:4] + b"\xff\xff\xff\xff" + content[8:]
    found = sniff(content[:64])
    assert found is not None
    assert probing.probe(written(tmp_path, content), found).duration is not None


@pytest.mark.parametrize("name", ["audio/mpeg", "audio/wav"])
def test_it_draws_no_poster_of_sound(tmp_path: Path, name: str) -> None:
    content = MAKERS[name]()
    found = sniff(content[:64])
    assert found is not None
    assert posters.draw(written(tmp_path, content), found) is None


def test_it_draws_odd_pictures_too(tmp_path: Path) -> None:
    for width, height in ((1, 1), (33, 7), (3000, 2)):
        content = media.png(width, height)
        found = sniff(content[:64])
        assert found is not None
        poster = posters.draw(written(tmp_path, content), found)
        assert poster is not None
        assert poster.startswith(b"\xff\xd8\xff")
