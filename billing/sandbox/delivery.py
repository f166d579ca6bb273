"""Webhooks: signed as Stripe signs them, sent until they are taken."""

from __future__ import annotations

import json
import logging
import threading
import time
from typing import Any

import requests
import stripe

from billing.sandbox import clock
from billing.sandbox.account import EVENT, HERE, Account
from billing.sandbox.errors import Refused
from billing.sandbox.store import Store

logger = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 0.2
CATCH_UP_EVERY_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 60.0
TIMEOUT_SECONDS = (3, 20)


class Delivery(threading.Thread):
    def __init__(self, store: Store, *, url: str, secret: str, base: str) -> None:
        super().__init__(name="webhook-delivery", daemon=True)
        self.store = store
        self.url = url
        self.secret = secret
        self.base = base
        self.stopped = threading.Event()

    def run(self) -> None:
        looked = 0.0
        with requests.Session() as session:
            while not self.stopped.wait(LOOK_EVERY_SECONDS):
                if time.monotonic() - looked > CATCH_UP_EVERY_SECONDS:
                    looked = time.monotonic()
                    self.catch_up()
                self.deliver_due(session)

    def stop(self) -> None:
        self.stopped.set()

    def catch_up(self) -> None:
        """What falls due by itself, such as the end of a session, has its events too."""
        try:
            with self.store.transaction():
                clock.catch_up(Account(self.store))
        except Refused:
            # Nothing of it has happened; the deliveries must go on.
            logger.exception("time stands still")

    def deliver_due(self, session: requests.Session) -> None:
        for waiting in self.store.due():
            if self.stopped.is_set():
                return
            event = self.store.get(EVENT, waiting.event_id)
            if event is not None and not self.send(session, event):
                pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**waiting.attempts)
                self.store.deliver_again(waiting.id, seconds=pause)
                continue
            self.store.delivered(waiting.id)

    def send(self, session: requests.Session, event: dict[str, Any]) -> bool:
        body = json.dumps(event).replace(HERE, self.base)
        signature = stripe.WebhookSignature.generate_signature_header(body, self.secret)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature,
        }
        try:
            answer = session.post(
                self.url, data=body.encode(), headers=headers, timeout=TIMEOUT_SECONDS
            )
        except requests.RequestException as exc:
            logger.info("%s not delivered: %s", event["type"], type(exc).__name__)
            return False
        logger.info("%s delivered: %s", event["type"], answer.status_code)
        return answer.ok
