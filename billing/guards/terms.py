"""What is final once it was on sale: columns of a table, and what is said to who changes one."""

from __future__ import annotations

FINAL = {
    "pack": (
        "id slug version credits amount currency stripe_price_id published_at",
        "a pack that was on sale is frozen",
    ),
    "subscriptionplan": (
        "id slug credits amount currency stripe_price_id roll_over roll_over_months "
        "roll_over_cap workspace_plan_id published_at",
        "a plan that was on sale is frozen",
    ),
}


def columns(row: str, table: str) -> str:
    return ", ".join(f"{row}.{name}" for name in FINAL[table][0].split())
