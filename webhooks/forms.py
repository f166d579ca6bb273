"""The forms of the webhook pages. Rules about values live in `webhooks.endpoints`."""

from __future__ import annotations

from django import forms

from webhooks.addresses import MAX_LENGTH
from webhooks.endpoints import DESCRIPTION_LENGTH
from webhooks.models import EventType


class EndpointForm(forms.Form):
    url = forms.CharField(
        label="Address",
        max_length=MAX_LENGTH,
        help_text="Starts with https:// and can be reached from the internet.",
        widget=forms.URLInput(
            attrs={"autocomplete": "off", "placeholder": "https://example.com/webhooks"}
        ),
    )
    description = forms.CharField(
        max_length=DESCRIPTION_LENGTH, required=False, help_text="For your own eyes."
    )
    events = forms.MultipleChoiceField(
        choices=EventType.choices,
        required=False,
        help_text="None chosen: all events.",
        widget=forms.CheckboxSelectMultiple,
    )
