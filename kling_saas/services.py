"""DATABASE_URL, STORAGE_URL and EMAIL_URL as Django settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

DATABASE_SCHEMES = {"sqlite", "postgres", "postgresql", "psql", "pgsql"}
COLLECTED = "whitenoise.storage.CompressedManifestStaticFilesStorage"
SOURCES = "django.contrib.staticfiles.storage.StaticFilesStorage"


def database(url: str) -> dict[str, Any]:
    # Not a word of the address in the message: it may hold a password.
    wrong = ImproperlyConfigured("DATABASE_URL must be sqlite:///… or postgres://…")
    try:
        if urlsplit(url).scheme not in DATABASE_SCHEMES:
            raise wrong
        config: dict[str, Any] = environ.Env.db_url_config(url)
    except ValueError:
        raise wrong from None
    if config["ENGINE"] == "django.db.backends.sqlite3":
        # Without WAL and IMMEDIATE two writers meet in the middle of their transactions and one
        # fails with "database is locked" at once, whatever the time-out says.
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON;",
        }
        _keep_private(str(config["NAME"]))
        return config
    config["ENGINE"] = "accounts.wall"
    # No psycopg pool: django-q2 forks, and a forked pool hands one connection to two processes.
    config["CONN_MAX_AGE"] = 60
    config["CONN_HEALTH_CHECKS"] = True
    # A server that is gone without a word would hold every request for minutes.
    options = config.setdefault("OPTIONS", {})
    options.setdefault("connect_timeout", 5)
    # How often a connection sends a text of `accounts.prepared` before it prepares it; the ORM's
    # cursors never do.
    options.setdefault("prepare_threshold", 2)
    return config


def _keep_private(name: str) -> None:
    """Other users of the machine must not read the database; its journals take over its mode."""
    path = Path(name)
    if name == ":memory:" or not path.parent.is_dir():
        return
    try:
        path.touch(mode=0o600)
        path.chmod(0o600)
    except PermissionError:
        return  # somebody else's: opening it will say so


def storages(url: str, *, base: Path, collected: bool) -> dict[str, Any]:
    """Storage of files by `url`; static files from where they were `collected`, or the sources."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        location = base / parts.path if not parts.path.startswith("/") else Path(parts.path)
        default = {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(location)},
        }
    elif parts.scheme == "s3" and parts.netloc:
        default = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": _s3(parts)}
    else:
        raise ImproperlyConfigured("STORAGE_URL must be file:folder or s3://bucket?region=…")
    return {"default": default, "staticfiles": {"BACKEND": COLLECTED if collected else SOURCES}}


def _s3(parts: Any) -> dict[str, Any]:
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    options: dict[str, Any] = {
        "bucket_name": parts.netloc,
        "location": parts.path.strip("/"),
        "region_name": query.get("region") or None,
        "endpoint_url": query.get("endpoint_url") or None,
        "default_acl": None,
        # A key is written once; S3 would otherwise be asked for a free name at each save.
        "file_overwrite": True,
        "querystring_expire": 3600,
    }
    return options | _s3_clients(path_style=bool(options["endpoint_url"]))


def _s3_clients(*, path_style: bool) -> dict[str, Any]:
    """Uploads of little memory, one part of 8 MiB at a time; calls that end within a task."""
    from boto3.s3.transfer import TransferConfig
    from botocore.config import Config

    part = 8 * 1024 * 1024
    return {
        "transfer_config": TransferConfig(
            multipart_threshold=part,
            multipart_chunksize=part,
            # With threads, ten parts wait in memory for their turn.
            use_threads=False,
            preferred_transfer_client="classic",
        ),
        "client_config": Config(
            s3={"addressing_style": "path" if path_style else "auto"},
            signature_version="s3v4",
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "max_attempts": 2},
            # Checksums in trailers are news to many stores that otherwise speak S3.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    }


def email(url: str) -> dict[str, Any]:
    """EMAIL_URL (`smtp+tls://user:password@host:587`) as settings; empty: to the log."""
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    return dict(environ.Env.email_url_config(url))
