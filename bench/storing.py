"""Fetching 100 MB into storage, checked and hashed, against `curl … | sha256sum`.

The file's way alone: the rows of a job that is stored and a film's poster come on top of it.
"""

from __future__ import annotations

import subprocess
import sys
import time
import wave
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import servers
from bench.inside import run_inside

SECONDS, RATE = 520, 48_000  # of sound with two channels of 16 bits
ROUNDS = 5
GOAL = 1.5  # times the baseline


def run() -> bool | None:
    return run_inside("storing")


def inside() -> bool:
    with TemporaryDirectory() as folder, servers.files(Path(folder)) as origin:
        file = Path(folder) / "sound.wav"
        _record(file)
        pairs = []
        for number in range(ROUNDS):  # in turns, so that a busy neighbour slows both
            bare, wanted = _curl(f"{origin}/{file.name}")
            product, found = _store(origin, file.name, f"bench/{number}.wav")
            if wanted != found:
                raise RuntimeError(f"{found} was stored instead of {wanted}")
            pairs.append((product / bare, bare, product))
        size = file.stat().st_size / 1e6
    ratio, bare, product = sorted(pairs)[ROUNDS // 2]
    out = sys.stdout.write
    out(f"{size:.0f} MB into storage, median of {ROUNDS} rounds\n")
    out(
        f"curl | sha256sum {bare:.2f} s, product {product:.2f} s: {ratio:.2f} times (goal {GOAL})\n"
    )
    return ratio <= GOAL


def _record(file: Path) -> None:
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        for _ in range(SECONDS):
            sound.writeframes(b"\1\2\3\4" * RATE)


def _curl(url: str) -> tuple[float, str]:
    """Seconds, and the SHA-256."""
    began = time.monotonic()
    command = f"curl --silent --fail {url} | sha256sum"
    done = subprocess.run(  # noqa: S602  ours
        command, shell=True, check=True, capture_output=True, text=True
    )
    return time.monotonic() - began, done.stdout.split()[0]


def _store(origin: str, name: str, key: str) -> tuple[float, str]:
    """The same with all that is done to a result: type, structure, length, hash, its place."""
    from generations.media import downloading, storage
    from generations.media.probing import probe

    began = time.monotonic()
    with downloading.download(
        f"{origin}/{name}", kind="audio", seconds=120, trusted_origin=origin
    ) as received:
        probe(received.path, received.media_type)
        storage.put(key, received.file, seconds=120)
        return time.monotonic() - began, received.sha256
