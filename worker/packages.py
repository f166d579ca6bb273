"""Packages of the queue across a change of SECRET_KEY.

django-q2 knows one key and throws away, with a line in the log, what another one has signed. The
rows would still be due, but whoever waits for a job would wait for the sweep of the next minute.
"""

from __future__ import annotations

from django.conf import settings
from django.core.signing import BadSignature
from django_q.conf import Conf
from django_q.core_signing import TimestampSigner


def signed_anew(package: str) -> str:
    """The package under the current key, if a former one signed it; else as it is."""
    if _opened(package, Conf.SECRET_KEY) is not None:
        return package
    for key in settings.SECRET_KEY_FALLBACKS:
        if (content := _opened(package, key)) is not None:
            return str(_signer(Conf.SECRET_KEY).sign(content))
    return package


def _opened(package: str, key: str) -> str | None:
    try:
        return str(_signer(key).unsign(package))
    except BadSignature:
        return None


def _signer(key: str) -> TimestampSigner:
    return TimestampSigner(key=key, salt=Conf.PREFIX)
