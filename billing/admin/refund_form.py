from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms

from billing import currencies, refunds
from billing.models import Order


class RefundForm(forms.Form):
    """An amount in the order's currency; at most the unspent share unless told otherwise."""

    amount = forms.DecimalField()
    reason = forms.CharField(max_length=200, help_text="For the operator's history.")
    beyond_unspent = forms.BooleanField(
        required=False,
        label="Also refund what is spent",
        help_text="Other credits of the workspace are taken for it. What is not there becomes a "
        "debt, and the workspace may not start jobs until that is paid or forgiven.",
    )

    # Sent twice, the form refunds once.
    key = forms.RegexField(r"^[0-9a-f]{32}$", widget=forms.HiddenInput)

    def __init__(self, data: Any, *, order: Order) -> None:
        self.order = order
        places = currencies.decimals(order.currency)
        unspent, left = refunds.unspent(order), refunds.left(order)
        super().__init__(
            data, initial={"amount": Decimal(unspent).scaleb(-places), "key": uuid4().hex}
        )
        self.fields["amount"].help_text = (
            f"In {order.currency.upper()}. Unspent: {currencies.to_text(unspent, order.currency)}; "
            f"not yet refunded: {currencies.to_text(left, order.currency)}."
        )

    def clean_amount(self) -> int:
        try:
            return currencies.from_decimal(self.cleaned_data["amount"], self.order.currency)
        except ValueError as exc:
            raise forms.ValidationError(str(exc)) from exc
