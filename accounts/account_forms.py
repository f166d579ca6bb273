"""allauth's forms in our words. Named in settings as `ACCOUNT_FORMS`."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth_forms
from django import forms

from accounts.time_zones import is_known

LENGTH_HELP = "At least 8 characters, not only digits, and not an easy one."


LABELS = {
    "login": "E-mail",
    "email": "E-mail",
    "oldpassword": "Current password",
    "password2": "The same once more",
}


class PlainMixin:
    """No placeholders: they repeat the label, and vanish when they are needed."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        for name, label in LABELS.items():
            if name in self.fields:
                self.fields[name].label = label
        if "password1" in self.fields:
            # The validators' own four sentences say no more.
            self.fields["password1"].help_text = LENGTH_HELP


class LoginForm(PlainMixin, allauth_forms.LoginForm):  # type: ignore[misc]  # allauth is untyped
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The page has its own link for this.
        self.fields["password"].help_text = ""


class SignupForm(PlainMixin, allauth_forms.SignupForm):  # type: ignore[misc]  # allauth is untyped
    name = forms.CharField(
        label="Your name",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    # Filled by app.js, so that times are right from the first page on.
    time_zone = forms.CharField(
        required=False, widget=forms.HiddenInput(attrs={"data-time-zone": ""})
    )
    field_order = ["name", "email", "password1"]

    def clean_time_zone(self) -> str:
        value: str = self.cleaned_data["time_zone"]
        return value if is_known(value) else "UTC"


class ResetPasswordForm(PlainMixin, allauth_forms.ResetPasswordForm):  # type: ignore[misc]
    pass


class NewPasswordMixin(PlainMixin):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = "New password"


class ResetPasswordKeyForm(
    NewPasswordMixin,
    allauth_forms.ResetPasswordKeyForm,  # type: ignore[misc]
):
    pass


class ChangePasswordForm(NewPasswordMixin, allauth_forms.ChangePasswordForm):  # type: ignore[misc]
    pass


class SetPasswordForm(NewPasswordMixin, allauth_forms.SetPasswordForm):  # type: ignore[misc]
    pass


class AddEmailForm(PlainMixin, allauth_forms.AddEmailForm):  # type: ignore[misc]
    pass


class ReauthenticateForm(PlainMixin, allauth_forms.ReauthenticateForm):  # type: ignore[misc]
    pass
