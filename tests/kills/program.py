"""`python -m tests.kills.program`: go journeys again and again, and die on the way.

Reads the kinds of journeys, a line each, and answers each with a line of JSON: the deaths, one for
each place where a process can die, and the last time none. Their processes are forked from this
one: to start Python for each would take too long.
"""

from __future__ import annotations

import gc
import itertools
import json
import os
import sys
from typing import Any

import django


def main() -> None:
    # What else is printed, such as mails and logs, must not get in between.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    os.environ["DJANGO_SETTINGS_MODULE"] = "kling_saas.settings"
    django.setup()
    _prepare()
    for line in sys.stdin:
        kind = line.strip()
        answers.write(json.dumps({"kind": kind, "deaths": _travel(kind)}) + "\n")


def _travel(kind: str) -> list[dict[str, Any]]:
    from tests.kills import lives
    from tests.kills.all_journeys import JOURNEYS

    deaths = []
    for number in itertools.count():
        journey = JOURNEYS[kind](number)
        life = lives.until_death(journey, at=number)
        deaths.append({"trail": life.trail, "facts": lives.afterwards(journey)})
        if not life.killed:
            break
    return deaths


def _prepare() -> None:
    """What each of the forked processes would otherwise do anew."""
    import av  # noqa: F401
    from django.conf import settings
    from django.db import connections
    from django.urls import get_resolver

    from tests.conftest import make_account
    from tests.kills import buying, spending

    settings.WHITENOISE_AUTOREFRESH = True  # else each client reads the list of all static files
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    assert get_resolver().url_patterns
    make_account(settings.SIMULATOR_URL, simulated=True)
    # What is loaded only when it is needed. No provider is called here: connections to it are
    # kept, and must not be shared by the processes.
    buying.OwnRefund(-1).prepare()
    spending.Dispatched(-1).prepare()
    connections.close_all()
    gc.freeze()  # what is collected in a fork would be copied for it


if __name__ == "__main__":
    main()
