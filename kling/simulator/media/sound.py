"""Sound: a soft four-voice chord that swells and fades; root and tempo come from the prompt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast

import av
from av.audio.stream import AudioStream
from av.filter import Graph

from . import sniff
from .recipes import Recipe

RATE: Final = 44_100
# Pentatonic steps in equal temperament: any of them sound well together.
ROOTS: Final = (110.0, 123.47, 130.81, 146.83, 164.81, 174.61)
CHORDS: Final = ((0, 7, 12, 16), (0, 7, 12, 15), (0, 5, 12, 17), (0, 7, 14, 19))


def chord(
    recipe: Recipe, *, seconds: float, sample_format: str, samples: int
) -> Iterator[av.AudioFrame]:
    """Yield frames of `samples` stereo samples at 44.1 kHz, `seconds` long in all."""
    graph = Graph()
    fade = min(0.5, seconds / 4)
    nodes = [
        graph.add("aevalsrc", f"exprs='{_voices(recipe)}':s={RATE}:d={seconds:.5f}"),
        graph.add("afade", f"t=in:d={fade}"),
        graph.add("afade", f"t=out:st={seconds - fade:.5f}:d={fade}"),
        graph.add("aformat", f"sample_fmts={sample_format}:channel_layouts=stereo"),
        graph.add("asetnsamples", f"n={samples}:p=0"),
        graph.add("abuffersink"),
    ]
    graph.link_nodes(*nodes)
    graph.configure()
    while True:
        try:
            yield cast(av.AudioFrame, nodes[-1].pull())
        except (av.EOFError, av.BlockingIOError):
            return


def recorded(
    recipe: Recipe, *, seconds: float, sample_format: str, samples: int
) -> Iterator[av.AudioFrame]:
    """The same of the sound in the file `recipe.tune`, with silence after its end."""
    with sniff.opened(Path(recipe.tune)) as container:
        stream = container.streams.audio[0]
        graph = Graph()
        nodes = [
            graph.add_abuffer(template=stream),
            graph.add("aresample", str(RATE)),
            graph.add("aformat", f"sample_fmts={sample_format}:channel_layouts=stereo"),
            graph.add("apad"),
            graph.add("atrim", f"end={seconds:.5f}"),
            graph.add("asetpts", "N/SR/TB"),
            graph.add("asetnsamples", f"n={samples}:p=0"),
            graph.add("abuffersink"),
        ]
        graph.link_nodes(*nodes)
        graph.configure()
        decoded = container.decode(stream)
        while True:
            try:
                yield cast(av.AudioFrame, nodes[-1].pull())
            except av.BlockingIOError:
                nodes[0].push(next(decoded, None))
            except av.EOFError:
                return


def has_sound(path: Path) -> bool:
    with sniff.opened(path) as container:
        return bool(container.streams.audio)


def _voices(recipe: Recipe) -> str:
    chance = recipe.random()
    root, steps = chance.choice(ROOTS), chance.choice(CHORDS)
    channels = []
    for side in (0.0, 0.7):
        voices = []
        for number, step in enumerate(steps):
            pitch = root * 2 ** (step / 12)
            swell = f"(0.6+0.4*sin({0.9 + 0.35 * number:.2f}*t+{number + side:.2f}))"
            voices.append(f"{0.16 / (1 + number * 0.3):.4f}*sin(2*PI*{pitch:.3f}*t)*{swell}")
        channels.append("+".join(voices))
    return "|".join(channels)


def add_aac(container: av.container.OutputContainer) -> AudioStream:
    stream = container.add_stream("aac", rate=RATE, options={"b": "128k"})
    assert isinstance(stream, AudioStream)
    stream.layout = "stereo"
    return stream


def write(recipe: Recipe, path: Path) -> None:
    """An MP3 or WAV file of the recipe's length."""
    codec, sample_format, samples = {
        "mp3": ("libmp3lame", "s16p", 1152),
        "wav": ("pcm_s16le", "s16", 4096),
    }[recipe.kind]
    with av.open(str(path), "w", format=recipe.kind) as container:
        stream = container.add_stream(codec, rate=RATE)
        assert isinstance(stream, AudioStream)
        stream.layout = "stereo"
        stream.format = sample_format
        for frame in chord(
            recipe, seconds=recipe.seconds, sample_format=sample_format, samples=samples
        ):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
