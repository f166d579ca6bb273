from __future__ import annotations

from billing.guards import entries, lots, terms

# A trigger counts as installed when it fires for us, not on replicas only; its text is that of its
# function.
INSTALLED = """
SELECT t.tgname, p.prosrc, c.relname FROM pg_trigger t
JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND t.tgname LIKE 'billing\\_%%' AND t.tgenabled IN ('O', 'A')
AND c.relnamespace = current_schema()::regnamespace
"""


def _refuse(condition: str, message: str) -> str:
    # `RAISE … USING ERRCODE` makes Django raise IntegrityError, as a CHECK does. Parentheses
    # are for a condition with a CASE, whose THEN would end it.
    return f"""
  IF ({condition}) THEN
    RAISE '{message}' USING ERRCODE = 'check_violation';
  END IF;"""


# name: (when and on which table, body of the function of the same name)
TRIGGERS = {
    "billing_account_guard": (
        "BEFORE INSERT OR UPDATE OR DELETE ON billing_creditaccount FOR EACH ROW",
        """
  IF TG_OP = 'DELETE' THEN
    RAISE 'an account is never deleted' USING ERRCODE = 'check_violation';
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.balance <> 0 OR NEW.held <> 0 OR NEW.debt <> 0 OR NEW.last_seq <> 0 THEN
      RAISE 'an account starts empty' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF NEW.id <> OLD.id OR NEW.workspace_id <> OLD.workspace_id THEN
    RAISE 'an account stays with its workspace' USING ERRCODE = 'check_violation';
  END IF;
  IF (NEW.balance <> OLD.balance OR NEW.debt <> OLD.debt OR NEW.last_seq <> OLD.last_seq)
      AND NOT (NEW.last_seq = OLD.last_seq + 1 AND EXISTS (
        SELECT 1 FROM billing_entry WHERE account_id = NEW.id AND seq = NEW.last_seq
        AND amount = NEW.balance - OLD.balance AND balance_after = NEW.balance
        AND debt = NEW.debt - OLD.debt AND debt_after = NEW.debt)) THEN
    RAISE 'a balance changes only by an entry' USING ERRCODE = 'check_violation';
  END IF;
  -- By a trigger: that of a hold moves it by the hold's amount. To sum up the open holds here
  -- would cost each new one more the more there are; check_ledger does.
  IF NEW.held <> OLD.held AND pg_trigger_depth() < 2 THEN
    RAISE 'what is held changes only by holds' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
""",
    ),
    "billing_entry_guard": (
        "BEFORE UPDATE OR DELETE ON billing_entry FOR EACH ROW",
        "RAISE 'an entry is never changed or deleted' USING ERRCODE = 'check_violation';",
    ),
    "billing_entry_no_truncate": (
        "BEFORE TRUNCATE ON billing_entry FOR EACH STATEMENT",
        "RAISE 'entries are never deleted' USING ERRCODE = 'check_violation';",
    ),
    "billing_entry_applied": (
        "AFTER INSERT ON billing_entry FOR EACH ROW",
        """
  IF NEW.hold_id IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM billing_hold WHERE id = NEW.hold_id AND account_id = NEW.account_id
      AND state <> 'open') THEN
    RAISE 'the hold is open, or of another account' USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.kind = 'capture' AND NOT EXISTS (
      SELECT 1 FROM billing_hold WHERE id = NEW.hold_id AND captured = -NEW.amount) THEN
    RAISE 'a charge is what its hold captured' USING ERRCODE = 'check_violation';
  END IF;
  UPDATE billing_creditaccount
    SET balance = balance + NEW.amount, debt = debt + NEW.debt, last_seq = last_seq + 1
    WHERE id = NEW.account_id AND balance + NEW.amount = NEW.balance_after
    AND debt + NEW.debt = NEW.debt_after AND last_seq + 1 = NEW.seq;
  IF NOT FOUND THEN
    RAISE 'an entry continues its account' USING ERRCODE = 'check_violation';
  END IF;"""
        # After the account's row is ours: two refunds at once would each miss the other's entry.
        + "".join(_refuse(condition, message) for message, condition in entries.BROKEN.items())
        + lots.MAKE
        + lots.DRAW
        + "".join(_refuse(condition, message) for message, condition in lots.BROKEN.items())
        + """
  RETURN NULL;
""",
    ),
    "billing_lot_guard": (
        "BEFORE INSERT OR UPDATE OR DELETE ON billing_lot FOR EACH ROW",
        f"""
  IF TG_OP = 'DELETE' THEN
    RAISE 'a lot is never deleted' USING ERRCODE = 'check_violation';
  END IF;
  IF TG_OP = 'INSERT' AND NOT ({lots.LOT_OF_ENTRY}) THEN
    RAISE 'a lot is what its entry gave' USING ERRCODE = 'check_violation';
  END IF;
  IF TG_OP = 'UPDATE' AND NOT ({lots.LOT_DRAWN}) THEN
    RAISE 'a lot changes only as it is drawn' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
""",
    ),
    "billing_lot_no_truncate": (
        "BEFORE TRUNCATE ON billing_lot FOR EACH STATEMENT",
        "RAISE 'lots are never deleted' USING ERRCODE = 'check_violation';",
    ),
    "billing_lotdraw_guard": (
        "BEFORE UPDATE OR DELETE ON billing_lotdraw FOR EACH ROW",
        "RAISE 'a draw is never changed or deleted' USING ERRCODE = 'check_violation';",
    ),
    "billing_lotdraw_no_truncate": (
        "BEFORE TRUNCATE ON billing_lotdraw FOR EACH STATEMENT",
        "RAISE 'draws are never deleted' USING ERRCODE = 'check_violation';",
    ),
    "billing_lotdraw_applied": (
        "AFTER INSERT ON billing_lotdraw FOR EACH ROW",
        f"""
  IF NOT ({lots.DRAW_OF_ENTRY}) THEN
    RAISE 'a draw is what its entry takes' USING ERRCODE = 'check_violation';
  END IF;
  UPDATE billing_lot SET remaining = NEW.remaining_after WHERE id = NEW.lot_id;
  RETURN NULL;
""",
    ),
    "billing_hold_guard": (
        "BEFORE INSERT OR UPDATE OR DELETE ON billing_hold FOR EACH ROW",
        """
  IF TG_OP = 'DELETE' THEN
    RAISE 'a hold is never deleted' USING ERRCODE = 'check_violation';
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'open' THEN
      RAISE 'a hold starts open' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.state <> 'open' OR NEW.state = 'open' OR NEW.id <> OLD.id
      OR NEW.account_id <> OLD.account_id OR NEW.amount <> OLD.amount
      OR NEW.reference <> OLD.reference THEN
    RAISE 'a hold is closed once and not changed otherwise' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
""",
    ),
    "billing_hold_applied": (
        "AFTER INSERT OR UPDATE ON billing_hold FOR EACH ROW",
        """
  UPDATE billing_creditaccount
    SET held = held + CASE TG_OP WHEN 'INSERT' THEN NEW.amount ELSE -OLD.amount END
    WHERE id = NEW.account_id AND (TG_OP = 'UPDATE' OR debt = 0 AND frozen = '');
  IF NOT FOUND THEN
    RAISE 'an account with a debt, or frozen, holds nothing new' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
""",
    ),
    "billing_hold_posted": (
        "AFTER UPDATE ON billing_hold DEFERRABLE INITIALLY DEFERRED FOR EACH ROW",
        """
  IF NEW.captured <> -(SELECT coalesce(sum(amount), 0) FROM billing_entry
      WHERE hold_id = NEW.id AND kind = 'capture') THEN
    RAISE 'a captured hold has its entry' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
""",
    ),
    "billing_book_frozen": (
        "BEFORE INSERT OR UPDATE OR DELETE ON billing_pricebook FOR EACH ROW",
        """
  IF TG_OP = 'INSERT' THEN
    IF NEW.published_at IS NOT NULL THEN
      RAISE 'a price book starts as a draft' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.published_at IS NOT NULL THEN
    RAISE 'a published price book is frozen' USING ERRCODE = 'check_violation';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
""",
    ),
}
for _table, (_, _message) in terms.FINAL.items():
    TRIGGERS[f"billing_{_table}_frozen"] = (
        f"BEFORE UPDATE OR DELETE ON billing_{_table} FOR EACH ROW",
        f"""
  IF OLD.published_at IS NOT NULL AND (TG_OP = 'DELETE' OR
      ({terms.columns("NEW", _table)}) IS DISTINCT FROM
      ({terms.columns("OLD", _table)})) THEN
    RAISE '{_message}' USING ERRCODE = 'check_violation';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
""",
    )
# What belongs to a book or a pack, and the table of that.
PARTS = {
    "unitprice": ("book_id", "pricebook", "a published price book is frozen"),
    "margin": ("book_id", "pricebook", "a published price book is frozen"),
    "operationrate": ("book_id", "pricebook", "a published price book is frozen"),
    "packprice": ("pack_id", "pack", terms.FINAL["pack"][1]),
}
for _table, (_whole, _of, _message) in PARTS.items():
    TRIGGERS[f"billing_{_table}_frozen"] = (
        f"BEFORE INSERT OR UPDATE OR DELETE ON billing_{_table} FOR EACH ROW",
        # Locked first, asked after: whoever publishes has the row and would not see this change,
        # so it waits for them, and then finds what they have published.
        f"""
  PERFORM 1 FROM billing_{_of}
    WHERE id IN (CASE TG_OP WHEN 'INSERT' THEN NEW.{_whole} ELSE OLD.{_whole} END,
                 CASE TG_OP WHEN 'DELETE' THEN OLD.{_whole} ELSE NEW.{_whole} END)
    ORDER BY id FOR SHARE;
  IF EXISTS (SELECT 1 FROM billing_{_of} WHERE published_at IS NOT NULL
      AND id IN (CASE TG_OP WHEN 'INSERT' THEN NEW.{_whole} ELSE OLD.{_whole} END,
                 CASE TG_OP WHEN 'DELETE' THEN OLD.{_whole} ELSE NEW.{_whole} END)) THEN
    RAISE '{_message}' USING ERRCODE = 'check_violation';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
""",
    )


def wanted() -> dict[str, str]:
    return {name: _source(body) for name, (_, body) in TRIGGERS.items()}


def install_statements(installed: dict[str, tuple[str, str]]) -> list[str]:
    statements = []
    for name, (event, body) in TRIGGERS.items():
        if name in installed and installed[name][0] == _source(body):
            continue
        statements.append(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql "
            f"AS $guard${_source(body)}$guard$"
        )
        kind = "CONSTRAINT TRIGGER" if "DEFERRED" in event else "TRIGGER"
        table = event.partition(" ON ")[2].split()[0]
        statements.append(f"DROP TRIGGER IF EXISTS {name} ON {table}")
        statements.append(f"CREATE {kind} {name} {event} EXECUTE FUNCTION {name}()")
    return statements


def remove_statements(installed: dict[str, tuple[str, str]]) -> list[str]:
    return [f"DROP TRIGGER IF EXISTS {name} ON {table}" for name, (_, table) in installed.items()]


def _source(body: str) -> str:
    return f"\nBEGIN\n{body.strip()}\nEND\n"
