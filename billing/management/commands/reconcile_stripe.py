from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing import stripe_reconciliation
from billing.errors import PaymentUnavailable


class Command(BaseCommand):
    help = (
        "Compare Stripe's payments, refunds, disputes and balance of the last 35 days with our "
        "orders; repair what may be, and list what a person must decide."
    )

    def handle(self, *_: Any, **__: Any) -> None:
        try:
            report = stripe_reconciliation.reconcile()
        except PaymentUnavailable as exc:
            raise CommandError(exc.in_full) from exc
        self.stdout.write(json.dumps(report.as_dict(), indent=2))
