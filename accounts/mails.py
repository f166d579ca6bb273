"""E-mails of this app that allauth does not send. Never inside a transaction."""

from __future__ import annotations

from smtplib import SMTPException

import structlog
from django.core.mail import send_mail
from django.template.loader import render_to_string

from accounts.models import Invitation

log = structlog.get_logger(__name__)


def send_invitation(invitation: Invitation, *, link: str) -> bool:
    """Whether the mail server took it; if not, the inviting person can pass the link on."""
    context = {"invitation": invitation, "link": link}
    subject = render_to_string("accounts/email/invitation_subject.txt", context)
    message = render_to_string("accounts/email/invitation_message.txt", context)
    try:
        send_mail(" ".join(subject.split()), message, None, [invitation.email])
    except (OSError, SMTPException) as exc:
        log.warning("invitation_not_sent", invitation=invitation.public_id, error=str(exc))
        return False
    return True
