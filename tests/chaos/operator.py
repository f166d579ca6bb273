"""The person who runs it, in /admin: ends jobs in doubt that the provider will finish after all."""

from __future__ import annotations

import re
from contextlib import suppress

import requests

from tests.installation import Installation

EMAIL, PASSWORD = "operator@example.com", "a-long-enough-passphrase"
SIGN_IN, JOBS = "/accounts/login/", "/admin/generations/generation/"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


class Operator:
    def __init__(self, installed: Installation, url: str) -> None:
        self.installed = installed
        self.url = url
        self.session = requests.Session()
        self.token = ""

    def sign_in(self) -> None:
        made = {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}
        self.installed.manage("createsuperuser", "--noinput", "--email", EMAIL, **made)
        self._open(SIGN_IN)
        answer = self._submit(SIGN_IN, {"login": EMAIL, "password": PASSWORD})
        assert SIGN_IN not in answer.url, answer.text[-2000:]
        self._open(JOBS)

    def decide(self, word: str) -> None:
        """Fail and release what is in doubt and has that word in its input."""
        found = self.installed.sql(
            "SELECT id FROM generations_generation WHERE state = 'reconciling' AND task_id = ''"
            " AND CAST(input AS text) LIKE ?",
            f"%{word}%",
        )
        if found:
            chosen = [str(pk) for (pk,) in found]
            form = {"action": "fail_and_release", "_selected_action": chosen}
            with suppress(requests.RequestException):  # the web is down: at the next look
                self._submit(JOBS, form)

    def decided(self) -> set[str]:
        """Jobs that were ended by a person so far."""
        query = (
            "SELECT DISTINCT g.public_id FROM generations_generation g"
            " JOIN generations_transition t ON t.generation_id = g.id WHERE t.reason = ?"
        )
        return {str(job) for (job,) in self.installed.sql(query, f"failed by {EMAIL}")}

    def _open(self, path: str) -> None:
        """A page, whose token is good for all of its forms."""
        shown = self.session.get(f"{self.url}{path}", timeout=20)
        shown.raise_for_status()
        self.token = TOKEN.findall(shown.text)[0]

    def _submit(self, path: str, form: dict[str, str | list[str]]) -> requests.Response:
        page = f"{self.url}{path}"
        given = {**form, "csrfmiddlewaretoken": self.token}
        answer = self.session.post(page, data=given, headers={"Referer": page}, timeout=20)
        answer.raise_for_status()
        return answer
