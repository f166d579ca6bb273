"""What every page tells the browser, and that no page needs more than it allows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.conftest import PASSWORD, Person, make_account
from tests.installation import ROOT

STRICT = {
    *("default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:"),
    *("media-src 'self'", "font-src 'self'", "connect-src 'self'", "manifest-src 'self'"),
    *("form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"),
}
# A browser follows a form's answer only where this allows it: here to the payment page.
PAYING = {"credits/", "credits/subscription/", "credits/top-up/"}
# A block of JSON is data: no browser runs it.
INLINE = re.compile(
    r"<style\b|\sstyle=|<script(?![^>]*\s(?:src=|type=\"application/json\"))|\son[a-z]+\s*=\s*[\"']|javascript:"
)


def addresses(resolver: Any = None, prefix: str = "") -> Iterator[str]:
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, route)
        elif isinstance(pattern, URLPattern) and not re.search(r"[<(^$]", route):
            yield route


def assert_hardened(answer: Any, *, paying: bool = False) -> None:
    policy = set(answer["Content-Security-Policy"].split("; "))
    if paying:
        policy = {p for p in policy if not p.startswith("form-action 'self' ")} | {
            "form-action 'self'"
        }
    assert policy == STRICT
    assert "camera=()" in answer["Permissions-Policy"]
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"


def test_it_walks_many_addresses() -> None:
    assert len(set(addresses())) > 60


@pytest.mark.timeout(600)  # a hundred pages
@pytest.mark.parametrize("who", ["visitor", "operator"])
def test_every_page_is_hardened(ada: Person, who: str) -> None:
    make_account("http://127.0.0.1:9")  # without any, the studio is closed
    ada.user.is_staff = ada.user.is_superuser = True
    ada.user.save()
    browser = Client() if who == "visitor" else ada.browser
    for route in sorted(set(addresses()) - {"accounts/logout/"}):
        answer = browser.get(f"/{route}")
        assert answer.status_code < 500, route
        assert_hardened(answer, paying=route in PAYING)
        if "html" in answer["Content-Type"] and not answer.streaming:
            assert not INLINE.findall(answer.content.decode()), route


@pytest.mark.parametrize("path", ["/nowhere", "/api/v1/nowhere", "/kling/v1/nowhere", "/files/x"])
def test_what_is_not_found_is_hardened(db: None, path: str) -> None:
    assert_hardened(Client().get(path))


def test_a_refused_form_is_hardened(db: None) -> None:
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "a"})
    assert answer.status_code == 403
    assert_hardened(answer)


def test_no_template_has_scripts_or_styles_of_its_own() -> None:
    templates = list((ROOT / "templates").rglob("*.html"))
    assert len(templates) > 60
    found = {path.name: INLINE.findall(path.read_text()) for path in templates}
    assert not {name: inline for name, inline in found.items() if inline}


def test_it_knows_what_is_inline() -> None:
    for text in (
        '<p style="a">',
        "<script>x",
        "<style>",
        '<a href="javascript:x">',
        ' onclick="x"',
    ):
        assert INLINE.findall(text)
    assert not INLINE.findall('<script src="a.js" defer></script><p data-style-x class="style">')


def production(tmp_path: Path, expression: str, **more: str) -> Any:
    """What the settings say in production; a process of its own reads them."""
    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": "",
        "VAR_DIR": str(tmp_path / "var"),
        "DEBUG": "off",
        "SECRET_KEY": "k" * 60,
        "ALLOWED_HOSTS": "studio.example",
        "SITE_URL": "https://studio.example",
        **more,
    }
    code = f"import json; from kling_saas import settings as s; print(json.dumps({expression}))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_cookies_and_transport_in_production(tmp_path: Path) -> None:
    names = (
        *("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "CSRF_COOKIE_HTTPONLY"),
        *("SECURE_SSL_REDIRECT", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD"),
    )
    assert all(production(tmp_path, f"[s.{', s.'.join(names)}]"))
    said = production(
        tmp_path, "[s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SECURE_HSTS_SECONDS]"
    )
    assert said == ["__Host-kling_session", "__Host-kling_csrf", 31536000]


@pytest.mark.parametrize(
    ("behind", "count", "trusted"), [("off", "", 0), ("on", "", 1), ("on", "2", 2), ("off", "1", 1)]
)
def test_the_number_of_trusted_proxies(
    tmp_path: Path, behind: str, count: str, trusted: int
) -> None:
    more = {"BEHIND_PROXY": behind, "TRUSTED_PROXY_COUNT": count}
    assert production(tmp_path, "s.TRUSTED_PROXY_COUNT", **more) == trusted


def test_session_cookies_are_kept_from_scripts_and_other_sites(ada: Person) -> None:
    browser = Client()
    browser.post("/accounts/login/", {"login": ada.user.email, "password": PASSWORD})
    cookie = browser.cookies[django_settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_nobody_else_on_the_machine_reads_the_data(tmp_path: Path) -> None:
    """The folder and the database; also one that an earlier version has left open."""
    var = tmp_path / "var"
    production(tmp_path, "1")
    assert var.stat().st_mode & 0o777 == 0o700
    assert (var / "db.sqlite3").stat().st_mode & 0o777 == 0o600
    (var / "db.sqlite3").chmod(0o644)
    production(tmp_path, "1")
    assert (var / "db.sqlite3").stat().st_mode & 0o777 == 0o600
