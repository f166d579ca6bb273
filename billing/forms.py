"""What lists of money can be narrowed down to. Every field may be left out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict

from billing.history import Wanted
from billing.models import Entry

# A calendar of ours has no days outside; the last one leaves room for the day after it.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)


class DayField(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d")

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, input_formats=["%Y-%m-%d"], **options)

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day is not None and not FIRST_DAY <= day <= LAST_DAY:
            raise forms.ValidationError("There is nothing of that day.")
        return day


class PeriodForm(forms.Form):
    """`from` and `to`, both included. `from` is a word of Python's, hence the fields by hand."""

    most_days: int | None = None
    usual_days: int | None = None

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self.fields = {
            "from": DayField(label="From"),
            "to": DayField(label="To"),
            **self.fields,
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.fill(cleaned)
        first, last = cleaned.get("from"), cleaned.get("to")
        if first and last and last < first:
            self.add_error("to", "This is before the first day.")
        elif first and last and self.most_days and (last - first).days > self.most_days:
            self.add_error("from", f"At most {self.most_days} days at once.")
        return cleaned

    def fill(self, cleaned: dict[str, Any]) -> None:
        """The usual days where none were asked for. Days are UTC then."""
        if self.usual_days and not self.errors:
            last = cleaned.get("to") or datetime.now(UTC).date()
            first = cleaned.get("from") or last - timedelta(days=self.usual_days - 1)
            cleaned |= {"from": first, "to": last}

    def as_query(self, **more: str) -> str:
        """The filters as they were asked for, for links to the same selection."""
        asked = {name: str(self.data.get(name, "")) for name in self.fields}
        return urlencode({name: value for name, value in {**asked, **more}.items() if value})

    @property
    def is_narrowed(self) -> bool:
        return bool(self.as_query())


class HistoryForm(PeriodForm):
    kind = forms.ChoiceField(
        required=False,
        choices=[("", "Everything"), *Entry.Kind.choices],
        widget=forms.Select(attrs={"class": "select"}),
    )

    def wanted(self) -> Wanted:
        cleaned = self.cleaned_data
        return Wanted(
            kind=cleaned.get("kind", ""), first=cleaned.get("from"), last=cleaned.get("to")
        )
