"""Mail servers that do not take a mail."""

from __future__ import annotations

from collections.abc import Sequence
from smtplib import SMTPServerDisconnected

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class Refuses(BaseEmailBackend):
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        raise SMTPServerDisconnected("Connection unexpectedly closed")


class Dies(BaseEmailBackend):
    """The worker is killed while it speaks to the mail server."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        raise SystemExit
