"""Links to stored files that work without a key for a while: for players, mails and webhooks."""

from __future__ import annotations

from django.conf import settings
from django.core import signing

from generations.models import Asset, Upload

LIFETIME = 24 * 3600  # seconds
SALT = "generations.links"


def signed_url(media: Asset | Upload, *, poster: bool = False) -> str:
    """An address of the file, or of its poster, that anybody may open for 24 hours.

    Uploads get one only where a provider has to fetch them.
    """
    variant = "poster" if poster else "content"
    token = signing.dumps([media.public_id, variant], salt=SALT, compress=False)
    return f"{settings.SITE_URL}/files/{token}"


def read(token: str) -> tuple[str, str] | None:
    """(public id, variant) of a link that is ours and not too old, else None."""
    try:
        public_id, variant = signing.loads(token, salt=SALT, max_age=LIFETIME)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return public_id, variant
