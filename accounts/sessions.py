"""Django's sessions in the database, which say why they could not be saved."""

from __future__ import annotations

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import DatabaseError


class SessionStore(db.SessionStore):
    # The name is part of what signs the data: under another one everybody would be signed out.

    def save(self, must_create: bool = False) -> None:
        """Raises UpdateError only where the session is gone.

        Django's takes every error of an UPDATE for that, and answers 400 as if somebody had signed
        out meanwhile, also when the database is away.
        """
        try:
            super().save(must_create)
        except UpdateError as exc:
            cause = exc.__context__
            # A row that is not there is a DatabaseError of Django's own; the driver's are below it.
            if isinstance(cause, DatabaseError) and type(cause) is not DatabaseError:
                raise cause from cause.__cause__
            raise
