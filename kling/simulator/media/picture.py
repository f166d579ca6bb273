"""The moving picture: a slow gradient with three soft lights, or the picture or video that the
request brought (`footage`), and two lines that say what it is.

Background and lights are composed at a quarter of the pixels and enlarged, which costs a fifth of
drawing them at full size and looks the same, since nothing in them is sharp. Only the letters are
drawn at full size.
"""

from __future__ import annotations

import colorsys
import math
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Final, cast

import av
from av.filter import Graph
from av.filter.context import FilterContext

from . import font
from .footage import Footage, footage
from .recipes import Recipe

SMALL_SIDE: Final = 270
LIGHT_SIDES: Final = (200, 140, 260)
BOX_ALPHA: Final = 96


def frames(recipe: Recipe, *, count: int, pixel_format: str) -> Iterator[av.VideoFrame]:
    """Yield `count` frames of the recipe, numbered in units of 1 / fps."""
    graph = Graph()
    layers: list[Layer] = []
    shown = footage(graph, recipe, count=count) if recipe.picture else None
    ground = shown.last if shown else _drawn(graph, recipe, layers)
    lettered = _letters(graph, ground, recipe, layers)
    converted = graph.add("format", pixel_format)
    sink = graph.add("buffersink")
    graph.link_nodes(lettered, converted, sink)
    graph.configure()
    for source, still in layers:
        still.pts, still.time_base = 0, Fraction(1, recipe.fps)
        source.push(still)
        source.push(None)
    for number in range(count):
        frame = _pulled(sink, shown)
        frame.pts, frame.time_base = number, Fraction(1, recipe.fps)
        yield frame


def _pulled(sink: FilterContext, shown: Footage | None) -> av.VideoFrame:
    while True:
        try:
            return cast(av.VideoFrame, sink.pull())
        except av.BlockingIOError:
            if shown is None:
                raise
            shown.feed()


Layer = tuple[FilterContext, av.VideoFrame]


def _drawn(graph: Graph, recipe: Recipe, layers: list[Layer]) -> FilterContext:
    """The gradient with its lights, at full size."""
    background = _background(graph, recipe, layers)
    enlarged = graph.add("scale", f"{recipe.width}:{recipe.height}:flags=bicubic")
    background.link_to(enlarged)
    return enlarged


def _background(graph: Graph, recipe: Recipe, layers: list[Layer]) -> FilterContext:
    chance = recipe.random()
    width, height = _small(recipe)
    colours = _palette(chance.random())
    listed = ":".join(f"c{i}=0x{bytes(colour).hex()}" for i, colour in enumerate(colours))
    top = graph.add(
        "gradients",
        f"s={width}x{height}:r={recipe.fps}:n=4:{listed}:speed=0.012"
        f":seed={chance.randrange(2**31)}:x0=0:y0=0:x1={width}:y1={height}",
    )
    plain = graph.add("format", "yuv444p")
    top.link_to(plain)
    last: FilterContext = plain
    for number, side in enumerate(LIGHT_SIDES):
        light = _light(side, (255, 255, 255) if number == 0 else colours[-number])
        phase, pace = chance.uniform(0, 2 * math.pi), chance.uniform(0.3, 0.6)
        last = _overlay(
            graph,
            under=last,
            still=light,
            layers=layers,
            fps=recipe.fps,
            place=f"x='(W-w)/2+W*0.4*sin(t*{pace:.3f}+{phase:.3f})'"
            f":y='(H-h)/2+H*0.4*cos(t*{pace * 0.8:.3f}+{phase:.3f})':format=yuv444",
        )
    return last


def _letters(
    graph: Graph, under: FilterContext, recipe: Recipe, layers: list[Layer]
) -> FilterContext:
    dot = max(2, min(recipe.width, recipe.height) // 200)
    margin = dot * 8
    columns = (recipe.width - 2 * margin) // (dot * (font.COLUMNS + 1)) - 2
    last = _overlay(
        graph,
        under=under,
        still=_caption(["SIMULATED"], dot=dot),
        layers=layers,
        fps=recipe.fps,
        place=f"x={margin}:y={margin}",
    )
    if lines := font.wrap(recipe.text, columns=columns, lines=2):
        last = _overlay(
            graph,
            under=last,
            still=_caption(lines, dot=dot),
            layers=layers,
            fps=recipe.fps,
            place=f"x={margin}:y=H-h-{margin}",
        )
    if recipe.watermark:
        last = _overlay(
            graph,
            under=last,
            still=_caption(["WATERMARK"], dot=dot),
            layers=layers,
            fps=recipe.fps,
            place=f"x=W-w-{margin}:y={margin}",
        )
    return last


def _overlay(
    graph: Graph,
    *,
    under: FilterContext,
    still: av.VideoFrame,
    layers: list[Layer],
    fps: int,
    place: str,
) -> FilterContext:
    """Put a still over the picture; it is pushed once and repeated by the filter."""
    source = graph.add_buffer(
        width=still.width, height=still.height, format=still.format, time_base=Fraction(1, fps)
    )
    layers.append((source, still))
    node = graph.add("overlay", f"{place}:eof_action=repeat")
    under.link_to(node, 0, 0)
    source.link_to(node, 0, 1)
    return node


def _small(recipe: Recipe) -> tuple[int, int]:
    factor = SMALL_SIDE / min(recipe.width, recipe.height)
    return round(recipe.width * factor / 2) * 2, round(recipe.height * factor / 2) * 2


def _palette(hue: float) -> list[tuple[int, int, int]]:
    """Deep, warm, light and fresh; neighbours on the wheel, since opposites blend to grey."""
    steps = ((0.0, 0.28, 0.60), (0.09, 0.52, 0.62), (0.17, 0.66, 0.78), (0.88, 0.42, 0.58))
    colours = []
    for turn, lightness, saturation in steps:
        red, green, blue = colorsys.hls_to_rgb((hue + turn) % 1.0, lightness, saturation)
        colours.append((int(red * 255), int(green * 255), int(blue * 255)))
    return colours


@lru_cache(maxsize=8)
def _glow(side: int) -> bytes:
    """Alpha of a round light that fades to nothing at its edge."""
    centre, radius = (side - 1) / 2, side / 2
    near = [[math.hypot(x - centre, y - centre) / radius for x in range(side)] for y in range(side)]
    return bytes(int(110 * (1 - min(1.0, d) ** 2) ** 2) for row in near for d in row)


def _light(side: int, colour: tuple[int, int, int]) -> av.VideoFrame:
    return _rgba(side, side, colour=[bytes([part]) * side**2 for part in colour], alpha=_glow(side))


def _caption(lines: list[str], *, dot: int) -> av.VideoFrame:
    """White letters on a dark, half transparent box, `dot` pixels a dot."""
    widest = max(len(line) for line in lines)
    columns = widest * (font.COLUMNS + 1) + 3
    empty = bytes(columns)
    rows = [empty, empty]
    for line in lines:
        for row in font.dots(line.ljust(widest)):
            rows.append(b"\0\0" + row + b"\0")
        rows += [empty, empty]
    mask = b"".join(b"".join(bytes([v]) * dot for v in row) * dot for row in rows)
    alpha = mask.translate(bytes([BOX_ALPHA] * 128 + [255] * 128))
    return _rgba(columns * dot, len(rows) * dot, colour=[mask, mask, mask], alpha=alpha)


def _rgba(width: int, height: int, *, colour: list[bytes], alpha: bytes) -> av.VideoFrame:
    pixels = bytearray(width * height * 4)
    for channel, values in enumerate([*colour, alpha]):
        pixels[channel::4] = values
    return av.VideoFrame.from_bytes(bytes(pixels), width, height, format="rgba")
