"""The forms of the settings pages."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import forms
from django.utils import timezone

from accounts import time_zones
from accounts.keys import LABEL_LENGTH
from accounts.models import Role, Scope, User
from accounts.workspaces import NAME_LENGTH, clean_name

LIFETIMES = [
    ("never", "Never"),
    ("7", "7 days"),
    ("30", "30 days"),
    ("90", "90 days"),
    ("365", "1 year"),
]


class ProfileForm(forms.ModelForm[User]):
    time_zone = forms.ChoiceField(
        label="Time zone", help_text="Times on all pages are shown in this zone."
    )

    class Meta:
        model = User
        fields = ["name", "time_zone"]
        labels = {"name": "Your name"}
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(name, name.replace("_", " ")) for name in time_zones.names()]


class WorkspaceForm(forms.Form):
    name = forms.CharField(label="Name", max_length=NAME_LENGTH)

    def clean_name(self) -> str:
        # The action's own rule, early enough to stand beside the field.
        try:
            return clean_name(self.cleaned_data["name"])
        except forms.ValidationError as exc:
            raise forms.ValidationError(exc.message_dict["name"]) from None


KINDS = [
    ("key", "API key, for this API and for Kling’s"),
    ("pair", "Access key and secret, for programs that sign Kling’s tokens"),
]


class KeyForm(forms.Form):
    kind = forms.ChoiceField(
        label="What to make", choices=KINDS, initial="key", widget=forms.RadioSelect, required=False
    )
    label = forms.CharField(
        max_length=LABEL_LENGTH, help_text="Where you will use it, such as “Render farm”."
    )
    scopes = forms.MultipleChoiceField(
        label="Permissions",
        choices=Scope.choices,
        initial=[Scope.READ, Scope.WRITE],
        widget=forms.CheckboxSelectMultiple,
    )
    expires_at = forms.ChoiceField(label="Expires after", choices=LIFETIMES)

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or "key"

    def clean_scopes(self) -> list[Scope]:
        return [Scope(value) for value in self.cleaned_data["scopes"]]

    def clean_expires_at(self) -> datetime | None:
        days = self.cleaned_data["expires_at"]
        return None if days == "never" else timezone.now() + timedelta(days=int(days))


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class InvitationForm(RoleForm):
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(
        choices=[choice for choice in Role.choices if choice[0] != Role.OWNER], initial=Role.MEMBER
    )
    field_order = ["email", "role"]
