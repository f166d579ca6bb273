"""Can a provider fetch a file from us, or from where a user's file came from?"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

from generations.models import ProviderAccount
from webhooks.addresses import is_public_address

__all__ = ["can_fetch_from_us", "is_public_address"]

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def can_fetch_from_us(account: ProviderAccount) -> bool:
    """Whether SITE_URL is public; the simulator on this machine reaches us on loopback too."""
    if urlsplit(settings.SITE_URL).hostname in LOOPBACK:
        return account.simulated and urlsplit(account.base_url).hostname in LOOPBACK
    return is_public_address(settings.SITE_URL)
