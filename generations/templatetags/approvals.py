"""How much waits for the person who looks: `{% load approvals %}`."""

from __future__ import annotations

from django import template
from django.template.context import Context

from accounts.access import Actor
from generations.approvals import waiting

register = template.Library()
MOST = 99


@register.simple_tag(takes_context=True)
def approvals_waiting(context: Context) -> str:
    """The number of jobs that the person may approve, "99+" for more, "" for none."""
    actor: Actor = context["actor"]
    if not actor.may_approve:
        return ""
    count = waiting(actor.workspace)[: MOST + 1].count()
    return f"{MOST}+" if count > MOST else str(count or "")
