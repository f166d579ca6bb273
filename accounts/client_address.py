"""Where a request comes from, as far as that can be known."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "unknown"  # behind a Unix socket, without a proxy that says who asks
IPV6_SITE = 64  # bits: whoever has one address of such a network has all of them


def of(request: HttpRequest) -> str:
    """The address that the outermost of TRUSTED_PROXY_COUNT proxies has seen.

    Each proxy appends whom it has seen to X-Forwarded-For; what stands further left, the client
    has written itself. A header with fewer entries did not come through all the proxies.
    """
    count = settings.TRUSTED_PROXY_COUNT
    named = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if count else []
    seen = _cleaned(named[-count]) if len(named) >= count > 0 else ""
    return seen or _cleaned(request.META.get("REMOTE_ADDR", "")) or UNKNOWN


def site(address: str) -> str:
    """What counts as one visitor: an IPv4 address, or a whole IPv6 network."""
    if ":" not in address:
        return address
    return str(ipaddress.ip_network(f"{address}/{IPV6_SITE}", strict=False).network_address)


def _cleaned(text: str) -> str:
    """Without port and brackets; empty for what is no address."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return ""
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return str(mapped or ip)
