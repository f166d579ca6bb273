"""What must hold between orders, what Stripe said of them, and the ledger."""

from __future__ import annotations

# Each query returns the rows that break its rule: (id, found, expected).
ORDERS = {
    "order: it is paid if and only if it was credited, with its credits": """
        SELECT o.id, coalesce(e.amount, 0), o.credits FROM billing_order o
        LEFT JOIN billing_creditaccount a ON a.workspace_id = o.workspace_id
        LEFT JOIN billing_entry e ON e.key = 'order:' || o.public_id || ':purchase'
        WHERE o.origin <> 'subscription' AND ((o.state = 'paid') <> (e.id IS NOT NULL)
        OR (e.id IS NOT NULL AND (e.amount <> o.credits OR e.account_id <> a.id
            OR e.kind <> 'purchase')))""",
    "order: an invoice is paid if and only if all it brings was credited": """
        SELECT o.id, coalesce(sum(e.amount), 0), o.credits FROM billing_order o
        LEFT JOIN billing_creditaccount a ON a.workspace_id = o.workspace_id
        LEFT JOIN billing_subscriptiongrant g ON g.order_id = o.id
        LEFT JOIN billing_entry e ON e.key = g.key AND e.account_id = a.id
            AND e.kind = 'subscription' AND e.amount = g.credits
        WHERE o.origin = 'subscription' GROUP BY o.id, o.state, o.credits
        HAVING coalesce(sum(g.credits), 0) <> o.credits OR coalesce(sum(e.amount), 0)
            <> CASE WHEN o.state = 'paid' THEN o.credits ELSE 0 END""",
    "order: credits of a subscription have their invoice": """
        SELECT e.id, e.amount, 0 FROM billing_entry e WHERE e.kind = 'subscription'
        AND NOT EXISTS (SELECT 1 FROM billing_subscriptiongrant g WHERE g.key = e.key)""",
    "entry: a purchase has its order": """
        SELECT e.id, e.amount, 0 FROM billing_entry e WHERE e.kind = 'purchase' AND NOT EXISTS (
            SELECT 1 FROM billing_order o WHERE e.key = 'order:' || o.public_id || ':purchase')""",
    # In the key order:ord_…:sync:n the order's id takes 26 characters.
    "order: what was taken back is the sum of its entries": """
        SELECT o.id, o.clawed, coalesce(e.taken, 0) FROM billing_order o LEFT JOIN (
            SELECT substr(key, 7, 26) AS named, sum(debt - amount) AS taken FROM billing_entry
            WHERE kind IN ('claw_back', 'restore') AND key LIKE 'order:%' GROUP BY 1) AS e
        ON e.named = o.public_id WHERE o.clawed <> coalesce(e.taken, 0)""",
    "entry: what an order took back or gave back has its order": """
        SELECT e.id, e.amount, 0 FROM billing_entry e LEFT JOIN billing_order o
        ON o.public_id = substr(e.key, 7, 26)
        WHERE e.kind IN ('claw_back', 'restore') AND e.key LIKE 'order:%' AND o.id IS NULL""",
    "order: as much is taken back as its share of the money that went back": """
        SELECT id, clawed, credits FROM billing_order WHERE state = 'paid'
        AND credits <= 9000000000000000000 / (lost + 1)  -- else the product is beyond a bigint
        AND clawed <> CASE
            WHEN coalesce(amount_total, 0) = 0 THEN 0
            WHEN lost >= amount_total THEN credits
            ELSE (credits * lost + amount_total - 1) / amount_total END""",
    "account: it is frozen while a freeze of its workspace is in force": """
        SELECT a.id, 0, count(f.id) FROM billing_creditaccount a
        JOIN billing_freeze f ON f.workspace_id = a.workspace_id AND f.lifted_at IS NULL
        WHERE a.frozen = '' GROUP BY a.id""",
}
