"""Automatic top-up: a saved card is charged when credits run low.

`rules` is what people set. The worker's clock finds who has fallen below (`due`), writes an order
and a top-up for it (`beginning`), and charges the card (`charging`), one step at a time, each of
which may be repeated after a crash. Credits come by `orders.sync_order` alone.
"""
