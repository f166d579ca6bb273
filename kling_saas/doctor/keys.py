"""Keys, secrets, and whether those we talk to can reach us."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import QuerySet

from generations import providers
from generations.models import ProviderAccount
from kling.errors import AuthenticationFailed
from kling_saas.doctor.findings import Findings, fine, warning, wrong

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
SHORTEST_SECRET_KEY = 50


def secret_key() -> Findings:
    if settings.SECRET_KEY == settings.DEVELOPMENT_SECRET_KEY:
        yield warning("SECRET_KEY is the development one, which everybody knows")
    elif len(settings.SECRET_KEY) < SHORTEST_SECRET_KEY:
        yield wrong(f"SECRET_KEY is shorter than {SHORTEST_SECRET_KEY} characters")
    else:
        yield fine("SECRET_KEY is set")


def _accounts() -> QuerySet[ProviderAccount]:
    return ProviderAccount.objects.filter(enabled=True).order_by("slug")


def provider_accounts() -> Findings:
    official = settings.PROVIDER_CREDENTIALS["official"]
    if bool(official["access_key"]) != bool(official["secret_key"]):
        yield wrong("KLING_ACCESS_KEY and KLING_SECRET_KEY need each other; one is missing")
    if settings.PROVIDER_CREDENTIALS["cloudsway"]["key"] and (
        not settings.PROVIDER_CREDENTIALS["cloudsway"]["endpoint_path"]
    ):
        yield wrong("CLOUDSWAY_KEY needs CLOUDSWAY_ENDPOINT_PATH, the endpoint you bought")
    accounts = list(_accounts())
    if not accounts:
        yield wrong(
            "no provider account: set COMETAPI_KEY, CLOUDSWAY_KEY or KLING_API_KEY and run "
            "manage.py sync_provider_accounts, or make one in Django admin"
        )
    if accounts and all(account.paused_at for account in accounts):
        yield wrong("every provider account is paused: no job is sent, all of them wait")
    for account in accounts:
        yield from _account(account)


def _account(account: ProviderAccount) -> Findings:
    try:
        providers.client_for(account)
    except AuthenticationFailed as exc:
        yield wrong(f"provider account {account.slug}: {exc.message}")
    else:
        if account.paused_at:
            yield warning(f"provider account {account.slug} is paused: {account.paused_reason}")
        else:
            kind = " (simulated)" if account.simulated else ""
            yield fine(f"provider account {account.slug}{kind} has a secret we can read")


def callbacks() -> Findings:
    if not _accounts().filter(simulated=False).exists():
        yield fine("no real provider has to reach this site")
        return
    site = urlsplit(settings.SITE_URL)
    if site.hostname in LOOPBACK:
        yield warning(
            f"SITE_URL is {settings.SITE_URL}: providers cannot call back to this machine, so "
            "results are seen later, by asking"
        )
    elif site.scheme != "https":
        yield warning(f"SITE_URL is {settings.SITE_URL}: callbacks and sign-ins travel unencrypted")
    else:
        yield fine(f"providers call back to {settings.SITE_URL}")
