"""Makers of small real files."""

from __future__ import annotations

import io
import struct
import tempfile
import zlib
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
from av.filter import Graph


@cache
def mp4(
    *, seconds: float = 1, width: int = 320, height: int = 180, sound: bool = False, rate: int = 24
) -> bytes:
    """H.264, index in front, as the providers send it."""
    return _film("mp4", "libx264", seconds, width, height, sound=sound, rate=rate)


@cache
def webm() -> bytes:
    return _film("webm", "libvpx", 0.5, 64, 36, sound=False, rate=24)


@cache
def mov() -> bytes:
    return _film("mov", "libx264", 0.5, 64, 36, sound=False, rate=24)


@cache
def png(width: int = 64, height: int = 48) -> bytes:
    return _picture("png", "rgb24", width, height)


@cache
def flat_png(width: int = 320, height: int = 320, shade: int = 128) -> bytes:
    """One grey all over: whatever its sides, a small file."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)

    packer = zlib.compressobj()
    row = b"\0" + bytes([shade]) * width
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", rows), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@cache
def jpeg(width: int = 64, height: int = 48) -> bytes:
    return _picture("mjpeg", "yuvj420p", width, height)


@cache
def webp(width: int = 64, height: int = 48) -> bytes:
    return _muxed("webp", "libwebp", width, height)


@cache
def mp3(seconds: float = 1) -> bytes:
    return _sound("mp3", "libmp3lame", "s16p", seconds)


@cache
def wav(seconds: float = 1) -> bytes:
    return _sound("wav", "pcm_s16le", "s16", seconds)


@cache
def m4a(seconds: float = 1) -> bytes:
    return _sound("ipod", "aac", "fltp", seconds)


@cache
def aac(seconds: float = 1) -> bytes:
    return _sound("adts", "aac", "fltp", seconds)


def padded(film: bytes, size: int) -> bytes:
    """The same film as a file of `size` bytes: the rest is a box that players pass over."""
    rest = size - len(film)
    return film + rest.to_bytes(4, "big") + b"free" + bytes(rest - 8)


def _film(
    container_format: str,
    codec: str,
    seconds: float,
    width: int,
    height: int,
    *,
    sound: bool,
    rate: int,
) -> bytes:
    options = {} if container_format == "webm" else {"movflags": "+faststart"}
    with tempfile.NamedTemporaryFile() as target:
        with av.open(target.name, "w", format=container_format, options=options) as container:
            _mux_film(container, codec, seconds, width, height, sound=sound, rate=rate)
        return Path(target.name).read_bytes()


def _mux_film(
    container: Any,
    codec: str,
    seconds: float,
    width: int,
    height: int,
    *,
    sound: bool,
    rate: int,
) -> None:
    stream = container.add_stream(codec, rate=rate)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    if sound:
        _mux_sound(container, container.add_stream("aac", rate=44_100), "fltp", seconds)
    source = f"testsrc2=s={width}x{height}:r={rate}:d={seconds}"
    for frame in _frames(source, "format=pix_fmts=yuv420p"):
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _picture(codec: str, pixel_format: str, width: int, height: int) -> bytes:
    encoder = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, pixel_format
    encoder.framerate = encoder.time_base = Fraction(1)
    [frame] = _frames(f"testsrc2=s={width}x{height}:r=1:d=1", f"format=pix_fmts={pixel_format}")
    return b"".join(bytes(p) for p in [*encoder.encode(frame), *encoder.encode(None)])


def _muxed(container_format: str, codec: str, width: int, height: int) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format=container_format) as container:
        stream = container.add_stream(codec, rate=1)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        [frame] = _frames(f"testsrc2=s={width}x{height}:r=1:d=1", "format=pix_fmts=yuv420p")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


def _sound(container_format: str, codec: str, sample_format: str, seconds: float) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format=container_format) as container:
        _mux_sound(container, container.add_stream(codec, rate=44_100), sample_format, seconds)
    return target.getvalue()


def _mux_sound(container: Any, stream: Any, sample_format: str, seconds: float) -> None:
    stream.layout, stream.format = "stereo", sample_format
    source = f"sine=frequency=440:sample_rate=44100:duration={seconds}"
    shape = f"aformat=sample_fmts={sample_format}:channel_layouts=stereo"
    for frame in _frames(source, shape, sink="abuffersink"):
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _frames(source: str, shape: str, *, sink: str = "buffersink") -> Iterator[Any]:
    graph = Graph()
    nodes = [graph.add(*text.split("=", 1)) for text in (source, shape)]
    if sink == "abuffersink":
        nodes.append(graph.add("asetnsamples", "n=1024:p=0"))
    nodes.append(graph.add(sink))
    graph.link_nodes(*nodes)
    graph.configure()
    while True:
        try:
            yield nodes[-1].pull()
        except (av.EOFError, av.BlockingIOError):
            return
