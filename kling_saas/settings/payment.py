"""Payment, by Stripe or the sandbox."""

from __future__ import annotations

from kling_saas import environment

STRIPE_SECRET_KEY = environment.text("STRIPE_SECRET_KEY")
STRIPE_WEBHOOK_SECRETS = environment.words("STRIPE_WEBHOOK_SECRET")
STRIPE_API_BASE = environment.text("STRIPE_API_BASE")
# Whose money it is: compared with the key's account, and written on each order.
STRIPE_ACCOUNT_ID = environment.text("STRIPE_ACCOUNT_ID")
# None: whatever the key says.
STRIPE_LIVEMODE = (
    environment.flag("STRIPE_LIVEMODE") if environment.text("STRIPE_LIVEMODE") else None
)
STRIPE_INVOICES = environment.flag("STRIPE_INVOICES", default=True)
STRIPE_TAX = environment.flag("STRIPE_TAX")
STRIPE_PROMOTION_CODES = environment.flag("STRIPE_PROMOTION_CODES")
STRIPE_FULL_DISCOUNTS = environment.flag("STRIPE_FULL_DISCOUNTS")
# Set by `manage.py serve` when it has started the payment sandbox.
PAYMENT_SANDBOX = environment.flag("PAYMENT_SANDBOX")
