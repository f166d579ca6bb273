"""`python -m kling.simulator`: the provider as a process of its own."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from pathlib import Path

from kling import catalogue
from kling.simulator.shelf import POLICIES
from kling.simulator.words import HELP

ENDING = (signal.SIGTERM, signal.SIGINT)


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    catalogue.use(options.catalogue)
    logging.basicConfig(
        level=logging.WARNING if options.quiet else logging.INFO,
        format="%(asctime)s %(message)s",
        stream=sys.stderr,
    )
    try:
        from .server import start
    except ImportError as error:
        if error.name != "av":
            raise
        raise SystemExit("The simulator draws with PyAV: install the extra 'media'.") from error
    # Held back from before the first thread: a handler would run only when the main thread next
    # does something, and a signal that another thread got would leave it waiting for good.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    running = start(
        state=options.state,
        host=options.host,
        port=options.port,
        key=options.key or None,
        access_key=options.access_key or None,
        secret_key=options.secret_key or None,
        time_scale=options.time_scale,
        public_url=options.public_url,
        slots=options.slots,
        link_seconds=options.link_seconds,
        callback_secret=options.callback_secret or None,
        control=options.control,
        fetch_files=options.fetch_files,
    )
    print(f"simulator listening on {running.url}", flush=True)  # noqa: T201
    signal.sigwait(ENDING)
    running.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kling.simulator",
        description=__doc__,
        epilog="Words in a prompt, a text to speak or a name, to see it go wrong:\n\n"
        + "".join(f"  {word:22} {meaning}\n" for word, meaning in HELP.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=8123, help="0 picks a free one")
    add("--state", type=Path, required=True, metavar="DIR", help="tasks and media are kept here")
    # Secrets also come from the environment: a command line shows in every process list.
    add("--key", default=os.environ.get("SIMULATOR_KEY"), help="the Bearer key; any, if not given")
    add("--access-key", default=os.environ.get("SIMULATOR_ACCESS_KEY"))
    add("--secret-key", default=os.environ.get("SIMULATOR_SECRET_KEY"), help="for Kling's JWT")
    add("--callback-secret", default=os.environ.get("SIMULATOR_CALLBACK_SECRET"), metavar="whsec_…")
    add("--time-scale", type=float, default=1.0, metavar="X", help="multiplies every delay")
    add("--public-url", metavar="URL", help="how links name this server")
    add("--slots", type=int, metavar="N", help="parallel tasks a model before code 1303")
    add("--link-seconds", type=float, metavar="S", help="life of a media link; 1800, scaled")
    add("--control", action="store_true", help="serve /_simulator/ for scripted faults")
    add(
        "--fetch-files",
        choices=POLICIES,
        default=POLICIES[0],
        help="which addresses in requests are fetched and judged; the others are taken as good "
        "files of five seconds. Default: those on loopback",
    )
    add("--catalogue", type=Path, metavar="FILE", help="models to serve; those of the package")
    add("--quiet", action="store_true", help="no line per request")
    return parser


if __name__ == "__main__":
    sys.exit(main())
