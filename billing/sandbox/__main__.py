from __future__ import annotations

import argparse
import logging
import os
import signal
import threading
from pathlib import Path
from types import FrameType

from billing.sandbox.server import Sandbox

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def main() -> None:
    options = _options()
    logging.basicConfig(level=logging.INFO, format="payment sandbox: %(message)s")
    sandbox = Sandbox(
        state=options.state,
        webhook_url=options.webhook_url,
        webhook_secret=options.webhook_secret,
        host=options.host,
        port=options.port,
    )

    def stop(_signal: int, _frame: FrameType | None) -> None:
        # From another thread: shutdown() waits for the loop that this handler interrupts.
        threading.Thread(target=sandbox.stop, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"payment sandbox listening on {sandbox.url}", flush=True)  # noqa: T201
    sandbox.serve_forever()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m billing.sandbox",
        description="A stand-in for Stripe that takes no money. For development and tests only.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--state", type=Path, required=True, help="folder that keeps its data")
    parser.add_argument("--webhook-url", required=True, help="…/hooks/stripe of the product")
    parser.add_argument(
        "--webhook-secret",
        default=os.environ.get("STRIPE_WEBHOOK_SECRET", ""),
        help="signs the events; by default STRIPE_WEBHOOK_SECRET of the environment",
    )
    options = parser.parse_args()
    if options.host not in LOOPBACK:
        parser.error("the sandbox has no lock on its door: it listens on loopback only")
    if not options.webhook_secret:
        parser.error("give --webhook-secret or set STRIPE_WEBHOOK_SECRET")
    return options


if __name__ == "__main__":
    main()
