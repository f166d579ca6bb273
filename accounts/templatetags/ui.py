"""Small parts of pages that need a little code: `{% load ui %}`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.template.context import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """A drawing of `static/img/icons.svg`; decoration only, so the text beside it must say it."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
def moment(value: datetime | None, empty: str = "never") -> SafeString | str:
    """A time in the reader's time zone, with the exact one for machines and on hover."""
    if value is None:
        return empty
    local = timezone.localtime(value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        value.isoformat(timespec="seconds"),
        date_format(local, "j F Y, H:i:s T"),
        date_format(local, "j M Y, H:i"),
    )


@register.inclusion_tag("components/nav_link.html", takes_context=True)
def nav_link(context: Context, name: str, label: str, icon: str, under: str = "") -> dict[str, Any]:
    """A link of the main navigation; current on its page and on all pages below `under`."""
    url = reverse(name)
    path = context["request"].path if "request" in context else ""
    current = path.startswith((url, under or url))
    return {"url": url, "label": label, "icon": icon, "current": current}


@register.inclusion_tag("components/tab_link.html", takes_context=True)
def tab_link(context: Context, name: str, label: str, icon: str) -> dict[str, Any]:
    """A link of a `.tabs` navigation inside a page."""
    return nav_link(context, name, label, icon)
