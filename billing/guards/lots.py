"""How lots are made and drawn, in SQL that both databases understand."""

from __future__ import annotations

# A claw-back takes from the lot that it reverses first. Everything else spends what expires first
# and what never expires last; of equals what was given before what was paid for.
_ORDER = """
        CASE WHEN entry_id = NEW.reverses_id THEN 0 ELSE 1 END,
        CASE WHEN expires_at IS NULL THEN 1 ELSE 0 END, expires_at,
        CASE WHEN source IN ('grant', 'adjustment') THEN 0 ELSE 1 END, id"""

MAKE = """
  INSERT INTO billing_lot (account_id, entry_id, source, granted, remaining, expires_at)
    SELECT NEW.account_id, NEW.id, NEW.kind, NEW.amount, NEW.amount, NEW.expires_at
    WHERE NEW.amount > 0;"""

# `wanted` is what is left to take when a lot's turn has come.
DRAW = f"""
  INSERT INTO billing_lotdraw (entry_id, lot_id, amount, remaining_after)
    SELECT NEW.id, id, CASE WHEN wanted < remaining THEN wanted ELSE remaining END,
      CASE WHEN wanted < remaining THEN remaining - wanted ELSE 0 END
    FROM (
      SELECT id, remaining,
        -NEW.amount - sum(remaining) OVER (ORDER BY {_ORDER}) + remaining AS wanted
      FROM billing_lot
      WHERE account_id = NEW.account_id AND remaining > 0 AND NEW.amount < 0) AS left_over
    WHERE wanted > 0;"""

# message: what must not be true once an entry has made or drawn its lots
BROKEN = {
    "an entry takes from lots what it takes from the balance": """
    (SELECT coalesce(sum(amount), 0) FROM billing_lotdraw WHERE entry_id = NEW.id)
    <> CASE WHEN NEW.amount < 0 THEN -NEW.amount ELSE 0 END""",
    "only what has expired expires": """
    NEW.kind = 'expiry' AND EXISTS (
      SELECT 1 FROM billing_lotdraw AS d JOIN billing_lot AS l ON l.id = d.lot_id
      WHERE d.entry_id = NEW.id AND (l.expires_at IS NULL OR l.expires_at > NEW.created_at))""",
}

LOT_OF_ENTRY = """
    NEW.remaining = NEW.granted AND EXISTS (
      SELECT 1 FROM billing_entry AS e WHERE e.id = NEW.entry_id AND e.amount = NEW.granted
      AND e.account_id = NEW.account_id AND e.kind = NEW.source
      AND coalesce(e.expires_at = NEW.expires_at,
        e.expires_at IS NULL AND NEW.expires_at IS NULL))"""

LOT_DRAWN = """
    NEW.id = OLD.id AND NEW.account_id = OLD.account_id AND NEW.entry_id = OLD.entry_id
    AND NEW.source = OLD.source AND NEW.granted = OLD.granted
    AND coalesce(NEW.expires_at = OLD.expires_at,
      NEW.expires_at IS NULL AND OLD.expires_at IS NULL)
    AND NEW.remaining < OLD.remaining AND EXISTS (
      SELECT 1 FROM billing_lotdraw WHERE lot_id = NEW.id
      AND amount = OLD.remaining - NEW.remaining AND remaining_after = NEW.remaining)"""

DRAW_OF_ENTRY = """
    EXISTS (
      SELECT 1 FROM billing_entry AS e JOIN billing_lot AS l ON l.account_id = e.account_id
      WHERE e.id = NEW.entry_id AND l.id = NEW.lot_id
      AND l.remaining - NEW.amount = NEW.remaining_after)
    AND (SELECT sum(amount) FROM billing_lotdraw WHERE entry_id = NEW.entry_id)
      <= (SELECT -amount FROM billing_entry WHERE id = NEW.entry_id)"""
