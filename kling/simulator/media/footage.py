"""The picture of a result made from somebody's file: a still that slowly nears, or a video."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.stream import VideoStream

from . import sniff
from .recipes import Recipe

# How much nearer a still has come at the end.
NEARER: Final = 0.12
# Degrees on the colour wheel between two pictures of one request.
TURN: Final = 24


@dataclass(slots=True)
class Footage:
    """`last`: the filter that gives the picture at full size. `feed` gives it one more frame."""

    last: FilterContext
    _source: FilterContext
    _frames: Iterator[av.VideoFrame]

    def feed(self) -> None:
        self._source.push(next(self._frames, None))


def footage(graph: Graph, recipe: Recipe, *, count: int) -> Footage:
    """The recipe's picture in `graph`. Raises NotMedia and FFmpegError for what cannot be shown."""
    frames = _decoded(Path(recipe.picture))
    first = next(frames, None)
    if first is None:
        raise sniff.NotMedia(recipe.picture)
    source = graph.add_buffer(
        width=first.width,
        height=first.height,
        format=first.format,
        time_base=first.time_base or Fraction(1, recipe.fps),
    )
    moving = next(frames, None)
    middle = _filmed(graph, recipe) if moving else _stilled(graph, recipe, count=count)
    nodes = [source, *_covering(graph, recipe), *middle, _turned(graph, recipe)]
    graph.link_nodes(*nodes)
    rest = (first, *((moving,) if moving else ()))
    return Footage(nodes[-1], source, _chained(rest, frames))


def _decoded(path: Path) -> Iterator[av.VideoFrame]:
    with sniff.opened(path) as container:
        stream = container.streams.video[0]
        assert isinstance(stream, VideoStream)
        stream.thread_type = "AUTO"
        yield from container.decode(stream)


def _chained(
    first: tuple[av.VideoFrame, ...], rest: Iterator[av.VideoFrame]
) -> Iterator[av.VideoFrame]:
    yield from first
    yield from rest


def _covering(graph: Graph, recipe: Recipe) -> list[FilterContext]:
    size = f"{recipe.width}:{recipe.height}"
    return [
        graph.add("scale", f"{size}:force_original_aspect_ratio=increase:flags=bilinear"),
        graph.add("crop", size),
        graph.add("setsar", "1"),
        graph.add("format", "yuv444p" if recipe.kind == "png" else "yuv420p"),
    ]


def _filmed(graph: Graph, recipe: Recipe) -> list[FilterContext]:
    """At the pace of the recipe; the last frame stays, for a result that is longer."""
    return [
        graph.add("setpts", "PTS-STARTPTS"),
        graph.add("fps", str(recipe.fps)),
        graph.add("tpad", "stop_mode=clone:stop=-1"),
    ]


def _stilled(graph: Graph, recipe: Recipe, *, count: int) -> list[FilterContext]:
    grown = f"(1+{NEARER}*n/{count})"
    width, height = (f"2*trunc({side}*{grown}/2)" for side in (recipe.width, recipe.height))
    return [
        graph.add("loop", "loop=-1:size=1:start=0"),
        graph.add("setpts", f"N/({recipe.fps}*TB)"),
        graph.add("scale", f"w='{width}':h='{height}':eval=frame:flags=bilinear"),
        graph.add("crop", f"{recipe.width}:{recipe.height}"),
    ]


def _turned(graph: Graph, recipe: Recipe) -> FilterContext:
    """Several pictures of one request are to differ."""
    return graph.add("hue", f"h={recipe.variant * TURN}") if recipe.variant else graph.add("null")
