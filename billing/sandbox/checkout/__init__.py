"""Checkout: sessions, what they cost, and what a buyer does with them."""
