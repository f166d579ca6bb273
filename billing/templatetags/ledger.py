from __future__ import annotations

from django import template

from billing import ledger_watch

register = template.Library()


@register.simple_tag
def ledger_alarms() -> int:
    """How many rules of the ledger are known to be broken."""
    return ledger_watch.open_alarms().count()
