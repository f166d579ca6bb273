"""Processes that end with their parent, however the parent ends.

`kill -9` leaves no time to stop one's children; on Linux the kernel does it (`prctl(2)`,
PR_SET_PDEATHSIG). Elsewhere the next start clears up (`worker.leftovers`).

As a program, `python -m worker.lifeline PARENT COMMAND…` ties itself and becomes COMMAND: the tie
outlives exec, so programs that are not ours need know nothing of it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def tie_to(parent: int) -> None:
    """Die when process `parent` does; end at once if it is gone already.

    Both in this order: a parent that dies between its fork and the call below would otherwise
    leave a child that waits for a death which has been.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def command(*arguments: str) -> list[str]:
    """The command line that runs `arguments` tied to the calling process."""
    return [sys.executable, "-m", "worker.lifeline", str(os.getpid()), *arguments]


if __name__ == "__main__":
    tie_to(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606
