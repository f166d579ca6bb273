from __future__ import annotations

import json
import socket
from contextlib import closing
from pathlib import Path

LOOPBACK = "127.0.0.1"


def is_free(port: int, *, host: str = LOOPBACK) -> bool:
    with closing(socket.socket()) as probe:
        # As servers do: what a connection that is over has left does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def accepts(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((LOOPBACK, port)) == 0


class Ports:
    """Loopback ports by name, the same at the next start where they are still free.

    Links to the simulator's media and open payment pages are stored with their ports.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.known: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.known = {}

    def get(self, name: str) -> int:
        port = self.known.get(name, 0)
        if not port or not is_free(port):
            port = self._free()
        self.known[name] = port
        self.path.write_text(json.dumps(self.known), encoding="utf-8")
        return port

    def _free(self) -> int:
        with closing(socket.socket()) as probe:
            probe.bind((LOOPBACK, 0))
            return int(probe.getsockname()[1])
