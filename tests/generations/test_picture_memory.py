"""Small files can hold large pictures: many at once must not take the machine's memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("PIL")
pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")

# In a process of its own, whose peak is nobody else's.
MEASURE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from generations.media.pictures import measure

with ThreadPoolExecutor(8) as pool:
    sizes = list(pool.map(lambda _: measure(Path(sys.argv[1]), "image/png"), range(8)))
assert sizes == [(7000, 7000)] * 8, sizes
status = Path("/proc/self/status").read_text()
print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""
ONE = 7000 * 7000 * 4 // 2**20  # MB of one of them in memory


def test_eight_at_once_take_the_memory_of_two(tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "large.png"
    Image.new("RGB", (7000, 7000)).save(path)
    assert path.stat().st_size < 2**20
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True
    )
    assert ONE < int(done.stdout) < 4 * ONE
