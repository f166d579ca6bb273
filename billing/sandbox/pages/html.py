"""What every page has: the mark of the sandbox, its style, a strict policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

STYLE = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
NOTICE = "Payment sandbox – no real money"


class Page(NamedTuple):
    body: str
    # Addresses outside that its forms lead to.
    leads_to: tuple[str, ...] = ()
    status: int = 200


class Redirect(NamedTuple):
    location: str


def page(content: str, *, leads_to: Iterable[str | None] = (), status: int = 200) -> Page:
    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{NOTICE}</title>"
        '<link rel="stylesheet" href="/style.css"></head><body>'
        f'<p class="banner">{NOTICE}</p><main>{content}</main></body></html>'
    )
    return Page(body, tuple(address for address in leads_to if address), status)


def error(message: str, *, status: int) -> Page:
    content = f'<h1>That did not work</h1><p role="alert">{escape(message)}</p>'
    return page(f'{content}<p class="quiet"><a href="/">To the sandbox</a></p>', status=status)


def policy(leads_to: Iterable[str]) -> str:
    """Browsers check a form's target again where the answer redirects to: back to the shop."""
    origins = {f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" for url in leads_to}
    targets = " ".join(["'self'", *sorted(origins)])
    return f"default-src 'none'; style-src 'self'; form-action {targets}; frame-ancestors 'none'"


def button(action: str, label: str, *, kind: str = "", hint: str = "", fields: str = "") -> str:
    explained = f' <span class="hint">{escape(hint)}</span>' if hint else ""
    return (
        f'<form method="post" action="{escape(action)}">{fields}'
        f'<button class="{kind}">{escape(label)}</button>{explained}</form>'
    )


def choice(name: str, label: str, options: Mapping[str, str], *, chosen: str = "") -> str:
    items = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>'
        f"{escape(text)}</option>"
        for value, text in options.items()
    )
    return f'<label>{escape(label)} <select name="{escape(name)}">{items}</select></label>'


def table(headings: Iterable[str], rows: Iterable[Iterable[str]], *, empty: str) -> str:
    """Cells are HTML already."""
    lines = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>" for cells in rows
    )
    if not lines:
        return f'<p class="quiet">{escape(empty)}</p>'
    heads = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    return f'<div class="wide"><table><tr>{heads}</tr>{lines}</table></div>'


def message(text: str) -> str:
    return f'<p class="message" role="alert">{escape(text)}</p>' if text else ""
