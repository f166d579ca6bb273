"""PNG: one frame of the same picture."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av

from .picture import frames
from .recipes import Recipe


def write(recipe: Recipe, path: Path) -> None:
    frame = next(frames(recipe, count=1, pixel_format="rgb24"))
    encoder = av.CodecContext.create("png", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = recipe.width, recipe.height, "rgb24"
    encoder.time_base = Fraction(1, recipe.fps)
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    path.write_bytes(b"".join(bytes(packet) for packet in packets))
