"""Of the next version: two columns more, as its migrations add them for two versions at once."""

from __future__ import annotations

from kling_saas.settings import *  # noqa: F403
from kling_saas.settings import INSTALLED_APPS as OURS

INSTALLED_APPS = [*OURS, "later"]
MIGRATION_MODULES = {
    "generations": "later.generations.migrations",
    "billing": "later.billing.migrations",
}
