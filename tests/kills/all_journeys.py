from __future__ import annotations

from tests.kills import buying, spending, toy
from tests.kills.journeys import Journey

JOURNEYS: dict[str, type[Journey]] = {
    journey.kind: journey
    for journey in (
        buying.Purchase,
        buying.Payment,
        buying.LostPayment,
        buying.MoneyBack,
        buying.Fraud,
        buying.OwnRefund,
        spending.Job,
        spending.Dispatched,
        spending.Verdict,
        spending.Failure,
        spending.Loss,
        toy.Transfer,
        toy.TornTransfer,
    )
}
