"""Can a provider fetch a file from us, or from where a user's file came from?"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

from generations.models import ProviderAccount
from webhooks.addresses import is_public_address

__all__ = ["can_fetch_from_us", "is_beside_us", "is_public_address"]

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def can_fetch_from_us(account: ProviderAccount) -> bool:
    """Whether SITE_URL is public; the simulator on this machine reaches us on loopback too."""
    if is_beside_us(account):
        return account.simulated
    return is_public_address(settings.SITE_URL)


def is_beside_us(account: ProviderAccount) -> bool:
    """Whether we and the provider are both on this machine, as somebody's own stand-in is.

    It may not fetch anything, so this is only relied on where a file cannot go along.
    """
    hosts = (urlsplit(settings.SITE_URL).hostname, urlsplit(account.base_url).hostname)
    return all(host in LOOPBACK for host in hosts)
