"""What a `make run` is made of: which stand-ins, at which addresses, and what the rest is told."""

from __future__ import annotations

import os
import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from billing.sandbox.account import ACCOUNT_ID
from kling_saas.running.ports import LOOPBACK, Ports

SIMULATOR, SANDBOX = "simulator", "payment sandbox"


@dataclass(frozen=True)
class StandIn:
    """A process that plays a service which has no credential here."""

    name: str
    port: int
    command: tuple[str, ...]


@dataclass
class Plan:
    stand_ins: list[StandIn] = field(default_factory=list)
    # What the product's processes, and commands in other terminals, are told beside their own.
    told: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.told}

    @property
    def simulates_provider(self) -> bool:
        return any(stand_in.name == SIMULATOR for stand_in in self.stand_ins)

    @property
    def simulates_payment(self) -> bool:
        return any(stand_in.name == SANDBOX for stand_in in self.stand_ins)


def make_plan() -> Plan:
    var = Path(settings.VAR_DIR)
    ports = Ports(var / "ports.json")
    plan = Plan(told={"PORT": str(settings.PORT), "SITE_URL": settings.SITE_URL})
    if not has_provider() and not settings.SIMULATOR_URL:
        _add_simulator(plan, port=ports.get(SIMULATOR), state=var / "simulator")
    if not settings.STRIPE_SECRET_KEY:
        _add_sandbox(plan, port=ports.get(SANDBOX), state=var / "payments")
    return plan


def has_provider() -> bool:
    """Whether the environment has a real provider's credential."""
    credentials = settings.PROVIDER_CREDENTIALS.values()
    # Half of a pair counts too: it is named as such before anything is served.
    names = ("key", "access_key", "secret_key")
    return any(one.get(name) for one in credentials for name in names)


def _add_simulator(plan: Plan, *, port: int, state: Path) -> None:
    scale = ("--time-scale", str(settings.TIMER_SCALE))
    models = ("--catalogue", settings.KLING_CATALOGUE) if settings.KLING_CATALOGUE else ()
    command = (sys.executable, "-m", "kling.simulator", *_where(port, state), *scale, *models)
    plan.stand_ins.append(StandIn(SIMULATOR, port, command))
    plan.told["SIMULATOR_URL"] = f"http://{LOOPBACK}:{port}"


def _add_sandbox(plan: Plan, *, port: int, state: Path) -> None:
    hook = f"http://{LOOPBACK}:{settings.PORT}/hooks/stripe"
    module = (sys.executable, "-m", "billing.sandbox")
    plan.stand_ins.append(
        StandIn(SANDBOX, port, (*module, *_where(port, state), "--webhook-url", hook))
    )
    plan.told |= {
        "PAYMENT_SANDBOX": "on",
        "STRIPE_SECRET_KEY": "sk_test_sandbox",
        "STRIPE_ACCOUNT_ID": ACCOUNT_ID,
        "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(16)}",
        "STRIPE_API_BASE": f"http://{LOOPBACK}:{port}",
    }


def _where(port: int, state: Path) -> tuple[str, ...]:
    state.mkdir(parents=True, exist_ok=True)
    return ("--host", LOOPBACK, "--port", str(port), "--state", str(state))
