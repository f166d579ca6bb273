from __future__ import annotations

from billing.guards import entries, lots, terms

INSTALLED = (
    "SELECT name, sql, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'billing_%'"
)


def _published(table: str, reference: str) -> str:
    published = f"SELECT id FROM billing_{table} WHERE published_at IS NOT NULL"
    return f"{reference} IN ({published})"


def _taken(table: str, columns: str) -> str:
    new = ", ".join(f"NEW.{name}" for name in columns.split(", "))
    return f"EXISTS (SELECT 1 FROM billing_{table} WHERE ({columns}) = ({new}))"


FROZEN = "a published price book is frozen"

# name: (event and table, condition, message)
REFUSALS = {
    "billing_account_born_empty": (
        "INSERT ON billing_creditaccount",
        "NEW.balance <> 0 OR NEW.held <> 0 OR NEW.debt <> 0 OR NEW.last_seq <> 0",
        "an account starts empty",
    ),
    "billing_account_keeps_workspace": (
        "UPDATE OF id, workspace_id ON billing_creditaccount",
        "NEW.id <> OLD.id OR NEW.workspace_id <> OLD.workspace_id",
        "an account stays with its workspace",
    ),
    "billing_account_balance_from_entry": (
        "UPDATE OF balance, debt, last_seq ON billing_creditaccount",
        """(NEW.balance <> OLD.balance OR NEW.debt <> OLD.debt OR NEW.last_seq <> OLD.last_seq)
  AND NOT (NEW.last_seq = OLD.last_seq + 1 AND EXISTS (
    SELECT 1 FROM billing_entry WHERE account_id = NEW.id AND seq = NEW.last_seq
    AND amount = NEW.balance - OLD.balance AND balance_after = NEW.balance
    AND debt = NEW.debt - OLD.debt AND debt_after = NEW.debt))""",
        "a balance changes only by an entry",
    ),
    "billing_account_held_from_holds": (
        "UPDATE OF held ON billing_creditaccount",
        """NEW.held <> OLD.held AND NEW.held <> (
  SELECT coalesce(sum(amount), 0) FROM billing_hold
  WHERE account_id = NEW.id AND state = 'open')""",
        "what is held changes only by holds",
    ),
    "billing_account_kept": (
        "DELETE ON billing_creditaccount",
        "1",
        "an account is never deleted",
    ),
    "billing_entry_unchanged": ("UPDATE ON billing_entry", "1", "an entry is never changed"),
    "billing_entry_kept": ("DELETE ON billing_entry", "1", "an entry is never deleted"),
    "billing_hold_born_open": (
        "INSERT ON billing_hold",
        "NEW.state <> 'open' OR typeof(NEW.amount) <> 'integer'",
        "a hold starts open, with a whole number",
    ),
    "billing_hold_closes_once": (
        "UPDATE ON billing_hold",
        """OLD.state <> 'open' OR NEW.state = 'open' OR NEW.id <> OLD.id
  OR NEW.account_id <> OLD.account_id OR NEW.amount <> OLD.amount
  OR NEW.reference <> OLD.reference OR typeof(NEW.captured) <> 'integer'""",
        "a hold is closed once and not changed otherwise",
    ),
    "billing_hold_may_open": (
        "INSERT ON billing_hold",
        """EXISTS (SELECT 1 FROM billing_creditaccount
  WHERE id = NEW.account_id AND (debt > 0 OR frozen <> ''))""",
        "an account with a debt, or frozen, holds nothing new",
    ),
    "billing_hold_kept": ("DELETE ON billing_hold", "1", "a hold is never deleted"),
    "billing_lot_from_entry": (
        "INSERT ON billing_lot",
        f"NOT ({lots.LOT_OF_ENTRY})",
        "a lot is what its entry gave",
    ),
    "billing_lot_drawn": (
        "UPDATE ON billing_lot",
        f"NOT ({lots.LOT_DRAWN})",
        "a lot changes only as it is drawn",
    ),
    "billing_lot_kept": ("DELETE ON billing_lot", "1", "a lot is never deleted"),
    "billing_lotdraw_unchanged": ("UPDATE ON billing_lotdraw", "1", "a draw is never changed"),
    "billing_lotdraw_kept": ("DELETE ON billing_lotdraw", "1", "a draw is never deleted"),
    "billing_book_born_draft": (
        "INSERT ON billing_pricebook",
        "NEW.published_at IS NOT NULL",
        "a price book starts as a draft",
    ),
    "billing_book_frozen": (
        "UPDATE ON billing_pricebook",
        "OLD.published_at IS NOT NULL",
        FROZEN,
    ),
    "billing_book_kept": ("DELETE ON billing_pricebook", "OLD.published_at IS NOT NULL", FROZEN),
    "billing_pack_on_sale_not_replaced": (
        "INSERT ON billing_pack",
        "NEW.is_active AND EXISTS (SELECT 1 FROM billing_pack WHERE is_active AND slug = NEW.slug)",
        "a row is never replaced",
    ),
}
for _table, (_, _message) in terms.FINAL.items():
    REFUSALS[f"billing_{_table}_frozen"] = (
        f"UPDATE ON billing_{_table}",
        "OLD.published_at IS NOT NULL "
        f"AND ({terms.columns('NEW', _table)}) IS NOT ({terms.columns('OLD', _table)})",
        _message,
    )
    REFUSALS[f"billing_{_table}_kept"] = (
        f"DELETE ON billing_{_table}",
        "OLD.published_at IS NOT NULL",
        _message,
    )
# What belongs to a book or a pack, and the table of that.
PARTS = {
    "unitprice": ("book_id", "pricebook", FROZEN),
    "margin": ("book_id", "pricebook", FROZEN),
    "operationrate": ("book_id", "pricebook", FROZEN),
    "packprice": ("pack_id", "pack", terms.FINAL["pack"][1]),
}
for _table, (_whole, _of, _message) in PARTS.items():
    for _event, _rows in (("INSERT", ["NEW"]), ("UPDATE", ["OLD", "NEW"]), ("DELETE", ["OLD"])):
        REFUSALS[f"billing_{_table}_frozen_{_event.lower()}"] = (
            f"{_event} ON billing_{_table}",
            " OR ".join(_published(_of, f"{row}.{_whole}") for row in _rows),
            _message,
        )

# INSERT OR REPLACE deletes the row in its way, and no trigger of a deletion hears of it.
UNIQUE = {
    "creditaccount": ["workspace_id"],
    "entry": ["key", "account_id, seq"],
    "hold": ["reference"],
    "lot": ["entry_id"],
    "lotdraw": ["entry_id, lot_id"],
    "pricebook": ["version"],
    "pack": ["slug, version"],
    "subscriptionplan": ["slug", "stripe_price_id"],
    "packprice": ["pack_id, currency"],
    "unitprice": ["book_id, unit_type"],
    "margin": ["book_id, operation, model"],
    "operationrate": ["book_id, operation"],
}
for _table, _keys in UNIQUE.items():
    REFUSALS[f"billing_{_table}_not_replaced"] = (
        f"INSERT ON billing_{_table}",
        " OR ".join(_taken(_table, columns) for columns in ["id", *_keys]),
        "a row is never replaced",
    )
REFUSALS["billing_entry_not_recaptured"] = (
    "INSERT ON billing_entry",
    "NEW.kind = 'capture' AND EXISTS (SELECT 1 FROM billing_entry "
    "WHERE kind = 'capture' AND hold_id = NEW.hold_id)",
    "a hold is charged once",
)


def _refuse(condition: str, message: str) -> str:
    return f"\n  SELECT RAISE(ABORT, '{message}') WHERE {condition};"


# The sums are checked after the row is in, so that the rule reads like the ledger's definition.
EFFECTS = {
    "billing_entry_applied": """CREATE TRIGGER billing_entry_applied AFTER INSERT ON billing_entry
BEGIN
  SELECT RAISE(ABORT, 'an amount is a whole number')
    WHERE typeof(NEW.amount) <> 'integer' OR typeof(NEW.debt) <> 'integer';
  SELECT RAISE(ABORT, 'the hold is open, or of another account')
    WHERE NEW.hold_id IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM billing_hold WHERE id = NEW.hold_id AND account_id = NEW.account_id
      AND state <> 'open');
  SELECT RAISE(ABORT, 'a charge is what its hold captured')
    WHERE NEW.kind = 'capture' AND NOT EXISTS (
      SELECT 1 FROM billing_hold WHERE id = NEW.hold_id AND captured = -NEW.amount);
  UPDATE billing_creditaccount
    SET balance = balance + NEW.amount, debt = debt + NEW.debt, last_seq = last_seq + 1
    WHERE id = NEW.account_id AND balance + NEW.amount = NEW.balance_after
    AND debt + NEW.debt = NEW.debt_after AND last_seq + 1 = NEW.seq;
  SELECT RAISE(ABORT, 'an entry continues its account') WHERE NOT EXISTS (
    SELECT 1 FROM billing_creditaccount WHERE id = NEW.account_id
    AND balance = NEW.balance_after AND debt = NEW.debt_after AND last_seq = NEW.seq);"""
    + "".join(_refuse(condition, message) for message, condition in entries.BROKEN.items())
    + lots.MAKE
    + lots.DRAW
    + "".join(_refuse(condition, message) for message, condition in lots.BROKEN.items())
    + """
END""",
    "billing_lotdraw_applied": f"""CREATE TRIGGER billing_lotdraw_applied
AFTER INSERT ON billing_lotdraw
BEGIN{_refuse(f"NOT ({lots.DRAW_OF_ENTRY})", "a draw is what its entry takes")}
  UPDATE billing_lot SET remaining = NEW.remaining_after WHERE id = NEW.lot_id;
END""",
    "billing_hold_opened": """CREATE TRIGGER billing_hold_opened AFTER INSERT ON billing_hold
BEGIN
  UPDATE billing_creditaccount SET held = held + NEW.amount WHERE id = NEW.account_id;
END""",
    "billing_hold_closed": """CREATE TRIGGER billing_hold_closed AFTER UPDATE ON billing_hold
BEGIN
  UPDATE billing_creditaccount SET held = held - OLD.amount WHERE id = OLD.account_id;
END""",
}


def wanted() -> dict[str, str]:
    refusals = {
        name: f"CREATE TRIGGER {name} BEFORE {event} WHEN {condition}\n"
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        for name, (event, condition, message) in REFUSALS.items()
    }
    return refusals | EFFECTS


def install_statements(installed: dict[str, tuple[str, str]]) -> list[str]:
    texts = {name: text for name, (text, _) in installed.items()}
    changed = {name: text for name, text in wanted().items() if texts.get(name) != text}
    drops = [f"DROP TRIGGER IF EXISTS {name}" for name in changed]
    return [*drops, *changed.values()]


def remove_statements(installed: dict[str, tuple[str, str]]) -> list[str]:
    return [f"DROP TRIGGER IF EXISTS {name}" for name in installed]
