"""Those of today, and one more."""

from __future__ import annotations

from generations import migrations

__path__ = [*migrations.__path__, *__path__]
