"""Automatic top-up: a saved card is charged when credits run low.

`rules` is what people set. The worker's clock finds who has fallen below, and writes an order and a
top-up for it (`due`). Then the card is charged (`charging`), one step at a time, each of which may
be repeated after a crash. Credits come by `orders.sync_order` alone.
"""
