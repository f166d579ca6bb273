"""Bodies in chunks, which Django takes for empty: it reads as many bytes as CONTENT_LENGTH says.

Such a body is first read to its end, on disk where it is large, and then has a length.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from wsgiref.types import StartResponse, WSGIApplication

from django.conf import settings
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]

from kling_saas.api_errors import TITLES, Problem
from kling_saas.middleware import request_id_of

PIECE, MEGABYTE = 64 * 1024, 1024 * 1024


class ChunkedBodies:
    """WSGI around `application`; acts only under a server that decodes chunks."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        coding, length = environ.get("HTTP_TRANSFER_ENCODING", ""), environ.get("CONTENT_LENGTH")
        if coding.lower() != "chunked" or length or not environ.get("wsgi.input_terminated"):
            return self.application(environ, start)
        with SpooledTemporaryFile(max_size=MEGABYTE) as body:
            if problem := _read(environ["wsgi.input"], body):
                return _refuse(problem, environ, start)
            environ |= {"CONTENT_LENGTH": str(body.tell()), "wsgi.input": body}
            body.seek(0)
            return self.application(environ, start)


def _read(source: Any, body: IO[bytes]) -> Problem | None:
    try:
        while piece := source.read(PIECE):
            body.write(piece)
            if body.tell() > settings.MAX_UPLOAD_BYTES + MEGABYTE:  # a form is more than its file
                return Problem(413, "too_large", "The body is larger than we take.")
    except (OSError, ParseException):
        return Problem(400, "malformed_request", "The body broke off, or its chunks are wrong.")
    return None


def _refuse(problem: Problem, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
    request_id = request_id_of(environ)
    kind, text = "text/plain; charset=utf-8", f"{problem.detail}\n"
    if environ.get("PATH_INFO", "").startswith("/api/"):
        kind, text = "application/problem+json", json.dumps(problem.body(request_id))
    headers = [("Content-Type", kind), ("X-Request-Id", request_id)]
    start(f"{problem.status} {TITLES[problem.code]}", headers)
    return [text.encode()]
