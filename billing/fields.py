"""Form fields for amounts: people write credits, rows keep micro-credits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from billing.amounts import MAX_MICRO, to_micro, to_text

MOST = Decimal(MAX_MICRO).scaleb(-6).to_integral_value() - 1


class CreditsFormField(forms.DecimalField):
    """Credits for people, micro-credits for the column."""

    def __init__(self, **options: Any) -> None:
        options.pop("min_value", None)
        options.pop("max_value", None)
        super().__init__(
            min_value=0, max_value=MOST, max_digits=16, decimal_places=6, step_size=None, **options
        )

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        # The step of a number field would be a millionth, and its arrows of no use.
        return {**super().widget_attrs(widget), "step": "any"}

    def prepare_value(self, value: Any) -> Any:
        return to_text(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        credits = super().clean(value)
        return None if credits is None else to_micro(credits)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)
