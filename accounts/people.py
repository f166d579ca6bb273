"""People whom an operator lets in; everybody else signs up on the web."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from accounts.models import User


@transaction.atomic
def find_or_create(*, email: str, password: str | None = None) -> tuple[User, bool]:
    """The person with that address and whether they are new.

    A new person gets `password`, or has to ask for one by "Forgot your password?". A known one
    keeps theirs: whoever may run a command must not take over an account by the way.
    Raises `ValidationError` with `email` or `password`.
    """
    email = email.strip().lower()
    _check(email=email)
    user = User.objects.filter(email__iexact=email).first()
    if user is not None:
        return user, False
    if password is not None:
        _check_password(password, user=User(email=email))
    user = User.objects.create_user(email, password)
    # The operator vouches for the address; without this row signing in would ask to confirm it.
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
    return user, True


def note_main_address(user: User) -> None:
    """Let allauth know the address that the person has, as the main one.

    It learns of addresses by its own sign-up only, takes others for unconfirmed extra ones, and
    would let people delete the one that they sign in with.
    """
    if not EmailAddress.objects.filter(user=user, primary=True).exists():
        EmailAddress.objects.update_or_create(
            user=user, email=user.email.lower(), defaults={"primary": True}
        )


def _check(*, email: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise ValidationError({"email": f"“{email}” is not an e-mail address."}) from None


def _check_password(password: str, *, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as exc:
        raise ValidationError({"password": exc.messages}) from None
