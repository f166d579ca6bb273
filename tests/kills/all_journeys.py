from __future__ import annotations

from tests.kills import buying, renewing, spending, toy, undoing
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
        spending.Told,
        spending.Loss,
        renewing.AutomaticTopUp,
        renewing.DeclinedTopUp,
        renewing.Month,
        undoing.Cancellation,
        undoing.WonDispute,
        undoing.LateVerdict,
        toy.Transfer,
        toy.TornTransfer,
    )
}
