"""Where it runs, and whether in production."""

from __future__ import annotations

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from kling_saas import environment

BASE_DIR = Path(__file__).resolve().parent.parent.parent
# Everything this installation writes, but for what DATABASE_URL and STORAGE_URL put elsewhere.
VAR_DIR = Path(environment.text("VAR_DIR", str(BASE_DIR / "var"))).resolve()
VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)

# Not set: development values, and the pages that customers see. On: Django's own error pages
# and templates that reload. Off: production, which refuses development values.
DEBUG = environment.flag("DEBUG")
DEVELOPMENT = DEBUG or not environment.text("DEBUG")
PORT = environment.integer("PORT", 8000, least=1, most=65535)
SITE_URL = environment.text("SITE_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
DEVELOPMENT_SECRET_KEY = "development-only-secret-key-never-for-production-0123456789"  # noqa: S105
SECRET_KEY = environment.text("SECRET_KEY", DEVELOPMENT_SECRET_KEY)
SECRET_KEY_FALLBACKS = environment.words("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
if not DEVELOPMENT:
    if SECRET_KEY == DEVELOPMENT_SECRET_KEY:
        raise ImproperlyConfigured("Set SECRET_KEY (50 random characters) when DEBUG is off.")
    if not environment.text("ALLOWED_HOSTS"):
        raise ImproperlyConfigured("Set ALLOWED_HOSTS (your host names) when DEBUG is off.")
