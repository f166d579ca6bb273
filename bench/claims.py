"""What it costs to find due work, with ten thousand jobs and with a million: pages of the database.

Time says little on a busy machine; the plan and the pages that it touches say it all.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from bench.inside import run_inside

SMALL, LARGE = 10_000, int(os.environ.get("BENCH_JOBS", "1000000"))
DUE, QUEUED_SHARE = 1000, 10  # running jobs that are due; of all jobs, one in so many waits
GOAL = 2.0  # times the pages of the small table
INDEXES = {"poll": "generation_due", "dispatch": "generation_waiting"}


def run() -> bool | None:
    return run_inside("claims", needs_postgresql=True)


def inside() -> bool:
    from bench import jobs

    out = sys.stdout.write
    account = jobs.account("http://127.0.0.1:9")
    figures = []
    for size in (SMALL, LARGE):
        fill(account.pk, size)
        figures.append({"poll": _measured(_poll), "dispatch": _measured(_dispatch)})
    out(f"due work among {SMALL:,} and {LARGE:,} jobs, a tenth of them waiting\n")
    out(f"{'':10}{'pages':>8}{'ms':>8}{'pages':>10}{'ms':>8}{'ratio':>8}\n")
    fine = True
    for name, index in INDEXES.items():
        (few, ms, _), (many, more_ms, plans) = (figure[name] for figure in figures)
        ratio = many / few
        out(f"{name:10}{few:8}{ms:8.1f}{many:10}{more_ms:8.1f}{ratio:8.2f}\n")
        fine = fine and ratio <= GOAL and index in plans
    out(f"goal: at most {GOAL} times the pages, by the indexes {', '.join(INDEXES.values())}\n")
    return fine


def _poll() -> None:
    from generations import claims, refresh, timing

    claims.take(refresh.due(), most=200, until=timing.lease(90))


def _dispatch() -> None:
    from generations import slots

    turns = slots.Turns()
    assert all(turns.next() for _ in range(16))


def _measured(work: Any) -> tuple[int, float, str]:
    """Pages that its statements touch, milliseconds of a run, and their plans as text.

    All of it is rolled back: what is explained is done a second time.
    """
    from django.db import connection, transaction
    from django.test.utils import CaptureQueriesContext

    began = time.monotonic()
    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        work()
        spent = time.monotonic() - began
        transaction.set_rollback(True)
    pages, plans = 0, ""
    with transaction.atomic(), connection.cursor() as cursor:
        for query in queries:
            if query["sql"].startswith(("SELECT", "WITH", "UPDATE")):
                cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + query["sql"])
                [[plan]] = cursor.fetchall()
                pages += plan[0]["Plan"]["Shared Hit Blocks"]
                pages += plan[0]["Plan"]["Shared Read Blocks"]
                plans += str(plan)
        transaction.set_rollback(True)
    return pages, spent * 1000, plans


def fill(account: int, size: int, *, unfinished: bool = True) -> None:
    """Rows by the server itself, up to `size`: without a customer, a hold or a trigger."""
    from django.db import connection

    from accounts.models import Workspace
    from generations.models import Generation

    have = Generation.objects.count()
    given = _columns(account, Workspace.objects.get().pk)
    if not unfinished:
        given |= {"state": "'succeeded'", "due_at": "NULL"}
    columns, values = zip(*given.items(), strict=True)
    table = Generation._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} "  # noqa: S608
            f"FROM generate_series({have + 1}, {size}) AS n"
        )
        cursor.execute("SET session_replication_role = origin")
        cursor.execute(f"VACUUM ANALYZE {table}")


def _columns(account: int, workspace: int) -> dict[str, str]:
    """A thousand run and are due, a tenth waits, the rest is done."""
    from generations.models import Generation

    state = (
        f"CASE WHEN n <= {DUE} THEN 'processing' WHEN n % {QUEUED_SHARE} = 0 THEN 'queued' ELSE "
    )

    given = {
        "public_id": "'gen_' || n",
        "workspace_id": str(workspace),
        "account_id": str(account),
        "operation": "'text-to-audio'",
        "model": "'text-to-audio'",
        "external_task_id": "'e' || n",
        "callback_token": "'c' || n",
        "task_id": "'t' || n",
        "state": state + "'succeeded' END",
        "due_at": state.replace("'processing'", "now()").replace("'queued'", "now()") + "NULL END",
        "submitted_at": "now()",
        "finished_at": "now()",
        "created_at": "now()",
        "hold_id": "n",
        "slots": "1",
        "rate": "1",
    }
    blank = {"CharField": "''", "TextField": "''", "JSONField": "'{}'"}
    for field in Generation._meta.concrete_fields:
        column = str(field.column)
        if field.primary_key or column in given or field.null:
            continue
        given[column] = blank.get(field.get_internal_type(), "0")
    return given
