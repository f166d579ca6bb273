"""A provider of one loop, so that it is never what is measured.

It keeps nothing but how often each task was asked about: a task's id says the milliseconds at which
it ends and began. Started with `running()`; prints its port, and answers `/asked` with the counts.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

from bench.servers import ROOT

counts: Counter[str] = Counter()


def _task(task_id: str) -> bytes:
    end, begun, _ = map(int, task_id.split("-"))
    now = int(time.time() * 1000)
    ended = now >= end
    data: dict[str, object] = {
        "task_id": task_id,
        "task_status": "succeed" if ended else "processing",
        "created_at": begun,
        "updated_at": min(now, end),
    }
    if ended:
        audio = {"id": task_id, "url_mp3": "http://127.0.0.1:9/a.mp3", "duration_mp3": "3"}
        data |= {"task_result": {"audios": [audio]}, "final_unit_deduction": "0"}
    return json.dumps({"code": 0, "message": "SUCCEED", "data": data}).encode()


def _answer(path: str) -> bytes:
    if path == "/asked":
        return json.dumps(counts).encode()
    task_id = path.rpartition("/")[2]
    counts[task_id] += 1
    return _task(task_id)


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            body = _answer(head.split(b" ", 2)[1].decode())
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
            writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def _main() -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0, backlog=512)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


@contextmanager
def running() -> Iterator[str]:
    """Its address."""
    command = [sys.executable, "-m", "bench.provider"]
    process = subprocess.Popen(  # noqa: S603
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.wait(10)


def asked(url: str) -> dict[str, int]:
    """Queries so far, by task id."""
    with urlopen(f"{url}/asked", timeout=10) as answer:  # noqa: S310  ours
        found: dict[str, int] = json.load(answer)
    return found


if __name__ == "__main__":
    asyncio.run(_main())
