"""What must not be true of an entry once its account has it, in SQL that both databases know."""

from __future__ import annotations

_MOVED = "(SELECT sum(amount) FROM billing_entry WHERE hold_id = NEW.hold_id)"

# message: condition
BROKEN = {
    "more is given back than was charged": f"""
    NEW.kind = 'refund' AND {_MOVED} > 0""",
    # A late charge by adjustment stays within the hold, which is the quote.
    "more is charged than was held": f"""
    NEW.amount < 0 AND NEW.hold_id IS NOT NULL
    AND -{_MOVED} > (SELECT amount FROM billing_hold WHERE id = NEW.hold_id)""",
    "a claw-back takes what its own grant gave": """
    NEW.reverses_id IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM billing_entry WHERE id = NEW.reverses_id AND account_id = NEW.account_id
      AND amount >= NEW.debt - NEW.amount)""",
    "a debt begins where nothing is free": """
    NEW.debt > 0 AND EXISTS (
      SELECT 1 FROM billing_creditaccount WHERE id = NEW.account_id AND balance > held)""",
}
