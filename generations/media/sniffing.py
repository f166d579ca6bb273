"""What a file is, by its first bytes. Names and Content-Type headers are never believed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import IO

HEAD_BYTES = 64


@dataclass(frozen=True)
class MediaType:
    """`demuxer` is FFmpeg's name: a file is only ever opened as what its signature says.

    Left to guess, FFmpeg would take a text for a playlist and fetch what stands in it.
    """

    kind: str
    name: str
    extension: str
    demuxer: str


MP4 = MediaType("video", "video/mp4", "mp4", "mov")
QUICKTIME = MediaType("video", "video/quicktime", "mov", "mov")
WEBM = MediaType("video", "video/webm", "webm", "matroska")
PNG = MediaType("image", "image/png", "png", "png_pipe")
JPEG = MediaType("image", "image/jpeg", "jpg", "jpeg_pipe")
WEBP = MediaType("image", "image/webp", "webp", "webp_pipe")
MP3 = MediaType("audio", "audio/mpeg", "mp3", "mp3")
WAV = MediaType("audio", "audio/wav", "wav", "wav")
M4A = MediaType("audio", "audio/mp4", "m4a", "mov")
AAC = MediaType("audio", "audio/aac", "aac", "aac")
MEDIA_TYPES = (MP4, QUICKTIME, WEBM, PNG, JPEG, WEBP, MP3, WAV, M4A, AAC)

# Major brands of ISO base media files (ISO 14496-12, the MP4 registration authority's list).
# HEIC and AVIF pictures are such files too, but nothing here can show them.
BRANDS = {
    **dict.fromkeys(
        (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"dash"), MP4
    ),
    **dict.fromkeys((b"M4V ", b"M4VH", b"M4VP", b"MSNV", b"f4v ", b"3gp4", b"3gp5", b"3gp6"), MP4),
    **dict.fromkeys((b"M4A ", b"M4B "), M4A),
    b"qt  ": QUICKTIME,
}


def sniff(head: bytes) -> MediaType | None:
    """The type that the first HEAD_BYTES of a file show, or None for all that we do not take."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head[:4] == b"RIFF":
        return {b"WEBP": WEBP, b"WAVE": WAV}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return BRANDS.get(head[8:12])
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return WEBM if b"webm" in head else None
    return _audio_frames(head)


def sniff_file(file: IO[bytes] | Path) -> MediaType | None:
    """The same for an open file, which is rewound, or a path."""
    if isinstance(file, Path):
        with file.open("rb") as opened:
            return sniff(opened.read(HEAD_BYTES))
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file.seek(0)
    return sniff(head)


def _audio_frames(head: bytes) -> MediaType | None:
    """MP3 (ISO 11172-3) and AAC (ADTS, ISO 13818-7) begin with a frame, or with an ID3 tag."""
    if head.startswith(b"ID3"):
        return MP3
    if len(head) < 4 or head[0] != 0xFF:
        return None
    if head[1] & 0xF6 == 0xF0:
        return AAC
    is_layer_3 = head[1] & 0xE6 == 0xE2 and head[1] & 0x18 != 0x08
    has_rates = head[2] & 0xF0 not in (0x00, 0xF0) and head[2] & 0x0C != 0x0C
    return MP3 if is_layer_3 and has_rates else None
