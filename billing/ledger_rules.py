"""What must hold between the rows of the ledger: the invariants, as the queries that break them."""

from __future__ import annotations

# Each query returns the rows that break its rule: (id, found, expected).
ACCOUNTS = {
    "account: the balance is the sum of its entries": """
        SELECT a.id, a.balance, coalesce(sum(e.amount), 0) FROM billing_creditaccount a
        LEFT JOIN billing_entry e ON e.account_id = a.id
        GROUP BY a.id, a.balance HAVING a.balance <> coalesce(sum(e.amount), 0)""",
    "account: the balance is what is left in its lots": """
        SELECT a.id, a.balance, coalesce(sum(l.remaining), 0) FROM billing_creditaccount a
        LEFT JOIN billing_lot l ON l.account_id = a.id
        GROUP BY a.id, a.balance HAVING a.balance <> coalesce(sum(l.remaining), 0)""",
    "account: the debt is the sum of its entries": """
        SELECT a.id, a.debt, coalesce(sum(e.debt), 0) FROM billing_creditaccount a
        LEFT JOIN billing_entry e ON e.account_id = a.id
        GROUP BY a.id, a.debt HAVING a.debt <> coalesce(sum(e.debt), 0) OR a.debt < 0""",
    "account: what is held is the sum of its open holds": """
        SELECT a.id, a.held, coalesce(sum(h.amount), 0) FROM billing_creditaccount a
        LEFT JOIN billing_hold h ON h.account_id = a.id AND h.state = 'open'
        GROUP BY a.id, a.held HAVING a.held <> coalesce(sum(h.amount), 0)""",
    "account: no more is held than is there": """
        SELECT id, held, balance FROM billing_creditaccount
        WHERE held < 0 OR held > balance""",
    "account: its entries are numbered without a gap": """
        SELECT a.id, a.last_seq, count(e.id) FROM billing_creditaccount a
        LEFT JOIN billing_entry e ON e.account_id = a.id GROUP BY a.id, a.last_seq
        HAVING a.last_seq <> count(e.id) OR a.last_seq <> coalesce(max(e.seq), 0)
        OR coalesce(min(e.seq), 1) <> 1""",
}
ENTRIES = {
    "entry: the balance after it is the running sum": """
        SELECT id, balance_after, running FROM (
            SELECT id, balance_after,
            sum(amount) OVER (PARTITION BY account_id ORDER BY seq) AS running
            FROM billing_entry) AS r
        WHERE balance_after <> running OR balance_after < 0""",
    "entry: the debt after it is the running sum": """
        SELECT id, debt_after, running FROM (
            SELECT id, debt_after,
            sum(debt) OVER (PARTITION BY account_id ORDER BY seq) AS running
            FROM billing_entry) AS r
        WHERE debt_after <> running OR debt_after < 0""",
    "entry: its sign, debt and hold follow from its kind": """
        SELECT id, amount, debt FROM billing_entry WHERE NOT (
            (kind IN ('purchase', 'subscription', 'grant', 'restore')
                AND amount > 0 AND debt = 0 AND hold_id IS NULL)
            OR (kind = 'refund' AND amount > 0 AND debt = 0 AND hold_id IS NOT NULL)
            OR (kind = 'capture' AND amount < 0 AND debt = 0 AND hold_id IS NOT NULL)
            OR (kind = 'adjustment' AND amount <> 0 AND debt = 0)
            OR (kind = 'expiry' AND amount < 0 AND debt = 0 AND hold_id IS NULL)
            OR (kind = 'claw_back' AND amount <= 0 AND debt >= 0 AND amount < debt
                AND hold_id IS NULL AND reverses_id IS NOT NULL)
            OR (kind = 'repayment' AND amount < 0 AND debt = amount AND hold_id IS NULL)
            OR (kind = 'forgiveness' AND amount = 0 AND debt < 0 AND hold_id IS NULL))""",
    "entry: its hold is of the same account": """
        SELECT e.id, h.account_id, e.account_id FROM billing_entry e
        JOIN billing_hold h ON h.id = e.hold_id WHERE h.account_id <> e.account_id""",
    "entry: a claw-back takes no more than its grant gave, in the same account": """
        SELECT e.id, e.debt - e.amount, g.amount FROM billing_entry e
        JOIN billing_entry g ON g.id = e.reverses_id
        WHERE g.account_id <> e.account_id OR e.debt - e.amount > g.amount""",
    "entry: what it gives is one lot, as it says": """
        SELECT e.id, l.granted, e.amount FROM billing_entry e
        LEFT JOIN billing_lot l ON l.entry_id = e.id
        WHERE (e.amount > 0) <> (l.id IS NOT NULL) OR l.granted <> e.amount
        OR l.account_id <> e.account_id OR l.source <> e.kind
        OR (l.expires_at IS NULL) <> (e.expires_at IS NULL) OR l.expires_at <> e.expires_at""",
    "entry: what it takes is drawn from lots": """
        SELECT e.id, coalesce(sum(d.amount), 0), -e.amount FROM billing_entry e
        LEFT JOIN billing_lotdraw d ON d.entry_id = e.id GROUP BY e.id, e.amount
        HAVING coalesce(sum(d.amount), 0) <> CASE WHEN e.amount < 0 THEN -e.amount ELSE 0 END""",
}
LOTS = {
    "lot: what is left is what its draws left": """
        SELECT l.id, l.remaining, l.granted - coalesce(sum(d.amount), 0) FROM billing_lot l
        LEFT JOIN billing_lotdraw d ON d.lot_id = l.id GROUP BY l.id, l.remaining, l.granted
        HAVING l.remaining <> l.granted - coalesce(sum(d.amount), 0)
        OR l.remaining < 0 OR l.remaining > l.granted""",
    "lot: what each draw left is the running difference": """
        SELECT id, remaining_after, expected FROM (
            SELECT d.id, d.remaining_after, l.granted
            - sum(d.amount) OVER (PARTITION BY d.lot_id ORDER BY e.seq) AS expected
            FROM billing_lotdraw d JOIN billing_lot l ON l.id = d.lot_id
            JOIN billing_entry e ON e.id = d.entry_id) AS r
        WHERE remaining_after <> expected""",
    "lot: it is drawn by entries of its account, after it was given": """
        SELECT d.id, e.account_id, l.account_id FROM billing_lotdraw d
        JOIN billing_entry e ON e.id = d.entry_id JOIN billing_lot l ON l.id = d.lot_id
        JOIN billing_entry g ON g.id = l.entry_id
        WHERE e.account_id <> l.account_id OR e.seq <= g.seq""",
    "lot: only what has expired is taken as expired": """
        SELECT d.id, d.amount, 0 FROM billing_lotdraw d
        JOIN billing_entry e ON e.id = d.entry_id JOIN billing_lot l ON l.id = d.lot_id
        WHERE e.kind = 'expiry' AND (l.expires_at IS NULL OR l.expires_at > e.created_at)""",
}
HOLDS = {
    "hold: what it captured is what was charged": """
        SELECT h.id, h.captured, coalesce(-sum(e.amount), 0) FROM billing_hold h
        LEFT JOIN billing_entry e ON e.hold_id = h.id AND e.kind = 'capture'
        GROUP BY h.id, h.captured HAVING h.captured <> coalesce(-sum(e.amount), 0)
        OR count(e.id) > 1""",
    "hold: no more is refunded than was charged": """
        SELECT h.id, sum(e.amount), 0 FROM billing_hold h
        JOIN billing_entry e ON e.hold_id = h.id
        AND (e.kind <> 'adjustment' OR e.amount < 0)
        GROUP BY h.id HAVING sum(e.amount) > 0""",
    "hold: no more is charged than it held": """
        SELECT h.id, -sum(e.amount), h.amount FROM billing_hold h
        JOIN billing_entry e ON e.hold_id = h.id
        GROUP BY h.id, h.amount HAVING -sum(e.amount) > h.amount""",
    "hold: it is open, or closed with a result within its amount": """
        SELECT id, captured, amount FROM billing_hold WHERE NOT (
            (state = 'open' AND captured = 0 AND closed_at IS NULL)
            OR (state = 'released' AND captured = 0 AND closed_at IS NOT NULL)
            OR (state = 'captured' AND captured > 0 AND captured <= amount
                AND closed_at IS NOT NULL)) OR amount < 0""",
}
