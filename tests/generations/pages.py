"""A browser without JavaScript: reads the form of a page and sends it as it stands, or changed."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client


class Form(HTMLParser):
    """What a browser would send of the page's `<form id="studio">`, by the names of its fields."""

    def __init__(self, response: Any) -> None:
        super().__init__()
        self.action = ""
        self.values: dict[str, str] = {}
        self.files: list[str] = []
        self._inside, self._select, self._textarea = False, "", ""
        self._aside = 0  # inside of a <template>, which is no part of the page
        self.feed(response.content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "template":
            self._aside += 1
        if tag == "form":
            self._inside = given.get("id") == "studio"
            self.action = given["action"] if self._inside else self.action
        if not self._inside or self._aside or "disabled" in given:
            return
        if tag == "input":
            self._input(given)
        elif tag == "select":
            self._select = given["name"]
        elif (
            tag == "option"
            and self._select
            and ("selected" in given or self._select not in self.values)
        ):
            self.values[self._select] = given["value"]
        elif tag == "textarea":
            self._textarea = given["name"]
            self.values[self._textarea] = ""

    def _input(self, given: dict[str, str]) -> None:
        is_box = given["type"] in ("radio", "checkbox")
        if given["type"] == "file":
            self.files.append(given["name"])
        elif "name" in given and (not is_box or "checked" in given):
            self.values[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self._aside += 1
        if tag == "template":
            self._aside -= 1
        elif tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            # The line break after the opening tag belongs to the markup, not to the text.
            self.values[self._textarea] = self.values[self._textarea].removeprefix("\n")
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.values[self._textarea] += data

    def send(self, browser: Client, **changes: str | SimpleUploadedFile | None) -> Any:
        """Fields by their names with `__` for a dot; None leaves one out. Files as they are."""
        named = {name.replace("__", "."): value for name, value in changes.items()}
        values = {**self.values, **named}
        return browser.post(
            self.action, {name: value for name, value in values.items() if value is not None}
        )


def open_studio(browser: Client, operation: str = "text-to-video", **query: str) -> Form:
    response = browser.get(f"/studio/{operation}/", query)
    assert response.status_code == 200, response.content
    return Form(response)
