"""E-mails that allauth does not send. Never inside a transaction.

A mail is two templates: `NAME_subject.txt` and `NAME_message.txt`.
"""

from __future__ import annotations

from collections.abc import Iterable
from smtplib import SMTPException
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string

from accounts.models import Invitation, Membership, Role, User, Workspace

log = structlog.get_logger(__name__)
# What a mail server that does not take a mail raises.
NOT_SENT = (OSError, SMTPException)


def send(name: str, *, to: Iterable[str], **context: Any) -> None:
    """Send the mail `name` to each address by itself. Raises one of NOT_SENT."""
    context["site_url"] = settings.SITE_URL
    subject = " ".join(render_to_string(f"{name}_subject.txt", context).split())
    message = render_to_string(f"{name}_message.txt", context)
    for address in to:
        send_mail(subject, message, None, [address])


def try_to_send(name: str, *, to: Iterable[str], about: object, **context: Any) -> bool:
    """The same; whether the mail server took it. The log says what it was about if not."""
    try:
        send(name, to=to, **context)
    except NOT_SENT as exc:
        log.warning("mail_not_sent", mail=name, about=str(about), error=str(exc))
        return False
    return True


def managers_of(workspace: Workspace) -> list[str]:
    """Addresses of the people who may buy credits and decide for the workspace."""
    return _members(workspace, Role.OWNER, Role.ADMIN)


def owners_of(workspace: Workspace) -> list[str]:
    return _members(workspace, Role.OWNER)


def operators() -> list[str]:
    """Addresses of those who run the installation: OPERATOR_EMAIL, or else all superusers."""
    if settings.OPERATOR_EMAILS:
        return list(settings.OPERATOR_EMAILS)
    superusers = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")
    return list(superusers.values_list("email", flat=True))


def send_invitation(invitation: Invitation, *, link: str) -> bool:
    """Whether the mail server took it; if not, the inviting person can pass the link on."""
    return try_to_send(
        "accounts/email/invitation",
        to=[invitation.email],
        about=invitation.public_id,
        invitation=invitation,
        link=link,
    )


def _members(workspace: Workspace, *roles: Role) -> list[str]:
    """Addresses of the members with these roles who may still sign in."""
    members = Membership.objects.filter(workspace=workspace, role__in=roles)
    people = members.filter(user__is_active=True).order_by("pk")
    return list(people.values_list("user__email", flat=True))
