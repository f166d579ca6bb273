"""What billing refuses. None of these knows HTTP.

BillingError
├── InsufficientCredits   the workspace has less than is needed: `.needed`, `.available` (micro)
│   └── InDebt            it owes `.debt` (micro) and may hold nothing until that is repaid
├── AccountFrozen         nothing new may be held: `.reason`
├── UnknownGrant          nothing was granted under the key that is to be taken back
├── KeyReused             the same key came back with another amount, account or kind
├── AlreadySettled        the hold was closed with another result: `.captured` (micro)
├── RefundTooLarge        more would come back than was charged
├── NotPriced             the price book has no price: `.unit_type`
├── InvalidPriceBook      a draft that must not be published: `.problems`
├── UnknownPack           no such pack is on sale
├── NotClosed             a month without a statement: `.month`
├── UnknownCurrency       the pack has no price in this currency
├── RefundRefused         money that cannot go back: `.reason`
├── InvalidTopUp          what cannot be ordered for later: `.field`, `.reason`
├── NoSavedCard           there is no card to charge
├── NoCustomer            the workspace has never been at Stripe
├── AlreadySubscribed     the workspace has a subscription
├── UnknownPlan           no such subscription plan is on sale
├── UnsaleablePack        a pack that must not go on sale: `.reason`
├── UnsaleablePlan        a plan that must not go on sale: `.reason`
└── PaymentUnavailable    Stripe is not set up, or did not do it: `.in_full`
    ├── NoAnswer          it did not answer, or not what was asked: `.said`
    └── OtherAccount      the order belongs to another account or mode of Stripe
"""

from __future__ import annotations

from billing.amounts import to_text


class BillingError(Exception):
    pass


class InsufficientCredits(BillingError):
    def __init__(self, *, needed: int, available: int) -> None:
        self.needed = needed
        self.available = available
        super().__init__(
            f"This needs {to_text(needed)} credits; {to_text(available)} are available."
        )


class InDebt(InsufficientCredits):
    def __init__(self, *, needed: int, available: int, debt: int) -> None:
        super().__init__(needed=needed, available=available)
        self.debt = debt
        self.args = (
            f"{to_text(debt)} credits are owed for a payment that was taken back. "
            "The next credits bought repay them; then jobs can start again.",
        )


class AccountFrozen(BillingError):
    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"New jobs cannot start: {reason.rstrip('.')}. Please contact support.")


class UnknownGrant(BillingError):
    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"No credits were granted under {key!r}.")


class KeyReused(BillingError):
    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"The key {key!r} was used before, for something else.")


class AlreadySettled(BillingError):
    def __init__(self, *, reference: str, captured: int) -> None:
        self.reference = reference
        self.captured = captured
        super().__init__(f"The hold {reference!r} was closed with {to_text(captured)} credits.")


class RefundTooLarge(BillingError):
    def __init__(self, *, asked: int, left: int) -> None:
        self.asked = asked
        self.left = left
        super().__init__(
            f"{to_text(asked)} credits cannot be refunded; {to_text(left)} are left of the charge."
        )


class NotPriced(BillingError):
    def __init__(self, unit_type: str) -> None:
        self.unit_type = unit_type
        super().__init__(f"The price book has no price for a {unit_type} unit.")


class InvalidPriceBook(BillingError):
    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(" ".join(problems))


class UnknownPack(BillingError):
    def __init__(self, slug: str) -> None:
        self.slug = slug
        super().__init__("There is no such pack.")


class NotClosed(BillingError):
    """A month has a statement once it is over, from the first movement on."""

    def __init__(self, month: str) -> None:
        self.month = month
        super().__init__(f"There is no statement of {month}.")


class UnknownCurrency(BillingError):
    def __init__(self, currency: str) -> None:
        self.currency = currency
        super().__init__("This pack has no price in this currency.")


class PaymentUnavailable(BillingError):
    @property
    def in_full(self) -> str:
        """With what is for the operator alone."""
        return str(self)


class NoAnswer(PaymentUnavailable):
    """`said` is what Stripe or the network said: of no use to a customer."""

    def __init__(self, said: object) -> None:
        self.said = said
        super().__init__("Stripe did not answer. Please try again in a minute.")

    @property
    def in_full(self) -> str:
        return f"Stripe did not answer: {self.said}"


class OtherAccount(PaymentUnavailable):
    pass


class RefundRefused(BillingError):
    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class InvalidTopUp(BillingError):
    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(reason)


class NoSavedCard(BillingError):
    def __init__(self) -> None:
        super().__init__("Save a card first: automatic top-up charges it.")


class NoCustomer(BillingError):
    def __init__(self) -> None:
        super().__init__("There are no invoices or payments of this workspace yet.")


class AlreadySubscribed(BillingError):
    def __init__(self) -> None:
        super().__init__(
            "This workspace has a subscription. Change it under “Manage subscription”."
        )


class UnknownPlan(BillingError):
    def __init__(self, slug: str) -> None:
        self.slug = slug
        super().__init__("There is no such plan.")


class UnsaleablePack(BillingError):
    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class UnsaleablePlan(BillingError):
    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)
