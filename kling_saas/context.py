from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """What every page may show about the installation itself."""
    return {
        "actor": getattr(request, "actor", None),
        "payment_tax": settings.STRIPE_TAX,
        "payment_sandbox": settings.PAYMENT_SANDBOX,
        "simulated_provider": bool(settings.SIMULATOR_URL),
    }
