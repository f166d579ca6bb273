from __future__ import annotations

import json
from argparse import ArgumentParser
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts import keys, people, plans, workspaces
from accounts.access import Actor
from accounts.models import Plan, Scope, User
from billing import amounts
from billing.credits import grant

MOST_CREDITS = Decimal(1_000_000_000)
# The options behind the field names of the actions' errors.
OPTIONS = {"email": "--owner", "password": "--password", "name": "--name", "label": "--api-key"}


class Command(BaseCommand):
    help = "Create a workspace with an owner, credits and an API key; print them as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True, help="What the workspace is called.")
        parser.add_argument("--owner", required=True, metavar="EMAIL", help="Who owns it.")
        parser.add_argument("--password", help="For an owner who is new here.")
        parser.add_argument("--credits", default="0", metavar="N", help="Credits to start with.")
        parser.add_argument("--api-key", metavar="LABEL", help="Create a key with this label.")
        parser.add_argument("--plan", default=plans.UNLIMITED, metavar="SLUG")

    def handle(self, **options: Any) -> None:
        plan = _plan(options["plan"])
        amount = _micro(options["credits"])
        try:
            with transaction.atomic(durable=True):
                owner, note = _owner(email=options["owner"], password=options["password"])
                answer = _create(options, owner=owner, plan=plan, amount=amount)
        except ValidationError as exc:
            raise CommandError(_sentence(exc)) from None
        # After the commit: a refusal takes back the owner whom the note is about. And on stderr:
        # standard output is one JSON object and nothing else.
        if note:
            self.stderr.write(note)
        self.stdout.write(json.dumps(answer))


def _owner(*, email: str, password: str | None) -> tuple[User, str]:
    """The owner, and what the caller should know about their password."""
    owner, is_new = people.find_or_create(email=email, password=password)
    if not is_new:
        return owner, f"{owner.email} is already here; their password stays as it is."
    if password is not None:
        return owner, ""
    return owner, (
        f"{owner.email} has no password yet: “Forgot your password?” on the sign-in page, "
        "or manage.py changepassword, sets one."
    )


def _create(
    options: dict[str, Any], *, owner: User, plan: Plan, amount: int
) -> dict[str, str | None]:
    actor = workspaces.create_workspace(name=options["name"], owner=owner, plan=plan)
    workspace = actor.workspace
    if amount:
        grant(
            workspace=workspace,
            amount=amount,
            key=f"created:{workspace.public_id}",
            kind="grant",
            note="Credits to start with",
        )
    return {
        "workspace": workspace.public_id,
        "owner": owner.email,
        "credits": amounts.to_text(amount),
        "api_key": _key(actor, label=options["api_key"]),
    }


def _key(actor: Actor, *, label: str | None) -> str | None:
    if label is None:
        return None
    return keys.create_key(by=actor, label=label, scopes=Scope)[1]


def _plan(slug: str) -> Plan:
    try:
        return plans.find_plan(slug)
    except plans.UnknownPlan as exc:
        known = ", ".join(Plan.objects.values_list("slug", flat=True))
        raise CommandError(f"--plan: {exc} There are: {known}.") from None


def _micro(text: str) -> int:
    """The credits of the command line in micro-credits."""
    try:
        value = Decimal(str(text).strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 <= value <= MOST_CREDITS:
        raise CommandError(f"--credits: a number from 0 to {MOST_CREDITS} is needed, not {text!r}.")
    if value * amounts.MICRO % 1:
        raise CommandError(f"--credits: six decimals at most, not {text!r}.")
    return amounts.to_micro(value)


def _sentence(exc: ValidationError) -> str:
    return " ".join(
        f"{OPTIONS.get(field, field)}: {' '.join(messages)}"
        for field, messages in exc.message_dict.items()
    )
