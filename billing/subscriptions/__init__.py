"""Subscriptions that bring credits each month.

`plans` is what is sold, `starting` leads to Stripe's page, `syncing` follows what Stripe says of a
subscription, `invoices` grants what a paid period brings. Events are hints here, too.
"""
