"""Database, clocks, storage, queue and ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ, Task

from billing import ledger
from generations.models import ProviderAccount
from kling_saas import health
from kling_saas.doctor.findings import Finding, Findings, fine, warning, wrong
from worker.heartbeat import workers_alive

# Kling's tokens are dated five seconds back; Stripe's signatures are good for five minutes.
MOST_SKEW = timedelta(seconds=5)
LATE = timedelta(minutes=5)
NETWORK_SECONDS = 5


def database() -> Findings:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        yield wrong(f"{len(plan)} migrations are not applied: run manage.py migrate")
    else:
        yield fine(f"the database ({connection.display_name}) has every migration")
    if connection.vendor == "sqlite" and not settings.DEVELOPMENT:
        yield warning("SQLite serves one machine; for more, and for load, set DATABASE_URL")
    if connection.settings_dict.get("OPTIONS", {}).get("pool"):
        yield wrong("a connection pool is configured: workers fork, and would share connections")


def static_files() -> Findings:
    if not settings.DEVELOPMENT and not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        yield wrong("static files are not collected: run manage.py prepare --static-only")
    else:
        yield fine("static files are there")


def clocks() -> Findings:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            yield _compared("the database", cursor.fetchone()[0])
    real = ProviderAccount.objects.filter(enabled=True, simulated=False)
    for address in sorted(set(real.values_list("base_url", flat=True))):
        yield _compared_with_site(address)


def _compared_with_site(address: str) -> Finding:
    try:
        answer = requests.head(address, timeout=NETWORK_SECONDS, allow_redirects=False)
        return _compared(address, parsedate_to_datetime(answer.headers["Date"]))
    except (requests.RequestException, KeyError, ValueError):
        return warning(f"{address} did not answer, or told no time")


def _compared(whose: str, theirs: datetime) -> Finding:
    skew = abs(datetime.now(UTC) - theirs)
    if skew > MOST_SKEW:
        return wrong(f"our clock and that of {whose} differ by {skew.total_seconds():.0f} s")
    return fine(f"our clock agrees with that of {whose}")


def storage() -> Findings:
    said = health.write_and_read()
    if said == health.OK:
        yield fine("the storage can be written and read")
    else:
        yield wrong(f"the storage {said}: see STORAGE_URL")


def queue() -> Findings:
    least = Conf.TIMEOUT * (1 + Conf.QUEUE_LIMIT / Conf.WORKERS)
    if least >= Conf.RETRY:
        yield wrong(f"Q_CLUSTER: retry must be above {least:.0f} s, or tasks run twice at once")
    if Conf.ORM != "default":
        yield wrong("Q_CLUSTER: orm must be default, or work is queued that was rolled back")
    if Conf.BROKER_CLASS != "worker.broker.Broker":
        yield wrong("Q_CLUSTER: without worker.broker.Broker no heartbeat is answered")
    if not Conf.ACK_FAILURES:
        yield wrong("Q_CLUSTER: without ack_failures a failing task is repeated for ever")
    workers = workers_alive(seconds=health.HEARTBEAT_SECONDS)
    if workers:
        yield fine(f"{workers} worker{'s' if workers > 1 else ''} alive")
    else:
        yield warning("no worker is running: start one with make worker")
    yield from _backlog()


def _backlog() -> Findings:
    late = OrmQ.objects.filter(lock__lt=timezone.now() - LATE).count()
    if late:
        yield warning(f"{late} tasks wait for longer than {LATE.seconds // 60} minutes")
    failed = Task.objects.filter(success=False, stopped__gt=timezone.now() - timedelta(days=1))
    if count := failed.count():
        yield warning(f"{count} tasks failed in the last day: see Failed tasks in Django admin")


def credit_ledger() -> Findings:
    report = ledger.check()
    if report.violations:
        rules = sorted({str(violation["rule"]) for violation in report.violations})
        yield wrong(f"the ledger breaks {len(rules)} rules, see manage.py check_ledger: {rules}")
    else:
        yield fine(f"the ledger is sound: {report.accounts} accounts, {report.entries} entries")
