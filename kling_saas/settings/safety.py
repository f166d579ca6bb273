"""Safety: cookies, https, proxies, and what a page may load."""

from __future__ import annotations

from csp.constants import NONE, SELF

from kling_saas import environment
from kling_saas.settings.place import DEVELOPMENT, PORT, SITE_URL

SECURE = SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
# A browser keeps a cookie of that name only from https, and from no other host of the domain.
COOKIE_PREFIX = "__Host-" if SECURE else ""
SESSION_COOKIE_NAME = COOKIE_PREFIX + (f"kling_session_{PORT}" if DEVELOPMENT else "kling_session")
CSRF_COOKIE_NAME = COOKIE_PREFIX + (f"kling_csrf_{PORT}" if DEVELOPMENT else "kling_csrf")
CSRF_COOKIE_HTTPONLY = True  # scripts read the token from the page
CSRF_TRUSTED_ORIGINS = [SITE_URL]
SECURE_SSL_REDIRECT = SECURE and environment.flag("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31536000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
BEHIND_PROXY = environment.flag("BEHIND_PROXY")
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Without it all people behind the proxy would share one throttle.
TRUSTED_PROXY_COUNT = environment.integer("TRUSTED_PROXY_COUNT", int(BEHIND_PROXY), most=10)
# Of programs without a usable key, by address; a key's own limit is its plan's. 0: no limit.
ANONYMOUS_REQUESTS_PER_MINUTE = environment.integer("ANONYMOUS_REQUESTS_PER_MINUTE", 300)
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
