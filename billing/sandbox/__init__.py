"""A stand-in for Stripe: takes no money, speaks to the real `stripe` library, signs its webhooks.

Its own process (`python -m billing.sandbox`), with its own SQLite file; knows no Django. Strict:
what it does not know it refuses, so that a request it takes has a chance with Stripe too.
"""
