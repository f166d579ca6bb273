from __future__ import annotations

import signal
from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from kling_saas.running import demo
from kling_saas.running.caller import Caller
from kling_saas.running.family import Family, Place, Stopped, Trouble
from kling_saas.running.plan import Plan, make_plan
from kling_saas.running.ports import is_free
from kling_saas.running.preparing import prepare_database, prepare_static_files


class Command(BaseCommand):
    help = "Serve the whole product: web, worker, and stand-ins for services without credentials."
    requires_system_checks = (Tags.security,)

    def handle(self, **options: Any) -> None:
        caller, asked = Caller(), []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: asked.append(True))
        place = Place()
        try:
            place.take()
            if not is_free(settings.PORT):
                raise Trouble(
                    f"Port {settings.PORT} is taken by another program. "
                    f"Choose another one: make run PORT={settings.PORT + 1}"
                )
        except Trouble as exc:
            raise CommandError(str(exc)) from None
        plan = make_plan()
        place.tell(plan.told)
        family = Family(plan, should_stop=lambda: bool(asked) or caller.wants_us_to_stop())
        self._run(family, plan)

    def _run(self, family: Family, plan: Plan) -> None:
        trouble = ""
        try:
            family.start_stand_ins()
            self._prepare(plan)
            family.start_product()
            self.stdout.write(_greeting(plan))
            self.stdout.flush()
            family.watch(self.stderr.write)
        except Stopped:
            self.stdout.write("Stopping …")
        except Trouble as exc:
            trouble = str(exc)
        finally:
            killed = family.end()
        if killed:
            self.stderr.write(f"Had to be killed: {', '.join(killed)}")
        if trouble:
            raise CommandError(f"{trouble}\nEverything is stopped.")
        self.stdout.write("Stopped.")

    def _prepare(self, plan: Plan) -> None:
        # Decided a moment ago, for this run; the children find it in their environment.
        settings.SIMULATOR_URL = plan.told.get("SIMULATOR_URL", settings.SIMULATOR_URL)
        prepare_static_files(self.stdout.write)
        prepare_database(self.stdout.write)
        demo.create_once()
        connections.close_all()


def _greeting(plan: Plan) -> str:
    lines = [("Kling studio", f"http://127.0.0.1:{settings.PORT}"), *_sign_in()]
    if plan.simulates_provider:
        hint = "simulated; set COMETAPI_KEY, CLOUDSWAY_KEY or KLING_API_KEY for a real one"
        lines.append(("Provider", hint))
    if plan.simulates_payment:
        lines.append(("Payment", "a sandbox; set STRIPE_SECRET_KEY for Stripe"))
    lines += [("Data", str(settings.VAR_DIR)), ("Stop", "Ctrl-C")]
    width = max(len(name) for name, _ in lines)
    return "\n" + "\n".join(f"  {name:<{width}}  {text}" for name, text in lines) + "\n"


def _sign_in() -> list[tuple[str, str]]:
    known = demo.read()
    if known is None:
        return []
    lines = [("E-mail", known.email), ("Password", known.password), ("API key", known.api_key)]
    if settings.DEVELOPMENT:
        admin = f"http://127.0.0.1:{settings.PORT}/admin/ (the same sign-in; not with DEBUG=off)"
        lines.append(("Admin", admin))
    return lines
