"""Is an address that somebody typed one that we may connect to?

This is the friendly check at input time, without DNS. The connection itself is checked again
and pinned by `webhooks.transport`, since a name may point anywhere a moment later.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from webhooks.http_errors import UnsafeAddress

MAX_LENGTH = 2000
PORTS = {"http": 80, "https": 443}
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# Parsers disagree about these: what one takes for the path, another takes for the host.
CONFUSING = re.compile(r"[\x00-\x20\x7f\\]")
NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*\.?\Z")
INNER_ENDINGS = (".localhost", ".local", ".localdomain", ".internal", ".intranet", ".lan", ".home")

# Public on paper, but each leads on to an IPv4 address that is written inside.
TUNNELS = tuple(
    ipaddress.ip_network(net)
    for net in ("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")
)
NOT_PUBLIC = "This address is not on the public internet."


def check_address(url: str, *, trusted_origin: str = "") -> str:
    """Return `url` if it may be stored and called; raise `UnsafeAddress(reason)` if not.

    Only `https`; with FETCH_ALLOW_PRIVATE or at `trusted_origin` also `http`, and any host.
    """
    if not url or len(url) > MAX_LENGTH:
        raise UnsafeAddress(f"Give an address of at most {MAX_LENGTH} characters.")
    if CONFUSING.search(url):
        raise UnsafeAddress("The address contains a space or a character that it may not have.")
    parts = _split(url)
    free = settings.FETCH_ALLOW_PRIVATE or is_at(url, trusted_origin)
    if parts.scheme != "https" and not (parts.scheme == "http" and free):
        raise UnsafeAddress("The address must start with https://.")
    if parts.username is not None or parts.password is not None:
        raise UnsafeAddress("Leave the user name and password out of the address.")
    if not parts.hostname:
        raise UnsafeAddress("The address has no host.")
    if not free:
        _check_host(parts.hostname)
    return url


def is_public_address(url: str) -> bool:
    """Whether others may find something at `url`: https, and a public name or IP, by its looks."""
    try:
        parts = _split(url)
        _check_host(parts.hostname or "")
    except UnsafeAddress:
        return False
    return parts.scheme == "https"


def is_at(url: str, origin: str) -> bool:
    """Whether both have the same scheme, host and port; nothing is at an empty origin."""
    ours = _origin(origin)
    return ours is not None and _origin(url) == ours


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = _split(url)
    except UnsafeAddress:
        return None
    if parts.scheme not in PORTS or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme]


def is_public(ip: IPAddress) -> bool:
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(ip.ipv4_mapped)
        if ip.is_site_local or any(ip in net for net in TUNNELS):
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        # Reading the port is what checks it.
        if parts.port == 0:
            raise ValueError
    except ValueError as exc:
        raise UnsafeAddress("This is not a valid address.") from exc
    return parts


def _check_host(host: str) -> None:
    ip = _literal(host)
    if ip is not None:
        if not is_public(ip):
            raise UnsafeAddress(NOT_PUBLIC)
        return
    try:
        name = host.encode("idna").decode("ascii").lower()
    except UnicodeError as exc:
        raise UnsafeAddress("The host name is not valid.") from exc
    if f".{name.rstrip('.')}".endswith(INNER_ENDINGS):
        raise UnsafeAddress(NOT_PUBLIC)
    if not NAME.match(name):
        raise UnsafeAddress("The host name is not a full public name.")


def _literal(host: str) -> IPAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        # 2130706433, 0x7f.1 and 127.1 are 127.0.0.1 to every resolver.
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None
