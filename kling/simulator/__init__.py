"""A provider that speaks Kling's wire protocol as CometAPI, Cloudsway and Kling itself do.

    python -m kling.simulator --port 8123 --state var/simulator

It validates with the declarations of this package, makes real media, keeps its tasks over a
restart, charges units and fails on request: by words in a prompt (`words`) or by a script
(`faults`). `server.start()` runs it in a thread for tests.
"""

from __future__ import annotations
