"""What a route is: which parameters it takes, and what it does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from billing.sandbox.account import Account
from billing.sandbox.api import schema
from billing.sandbox.api.params import inside, nested, read
from billing.sandbox.errors import Refused
from billing.sandbox.store import Row

Run = Callable[..., Row]


class Route(NamedTuple):
    method: str
    path: str  # with {} for each id
    # The class of `stripe.params` that types its parameters.
    params: str
    # Those of them that the sandbox acts on, with dots inside. The others are refused, not passed
    # over: a program must not believe that they did something.
    knows: str
    run: Run  # (account, wanted, *ids) -> the answer

    def ids(self, method: str, path: str) -> list[str] | None:
        """The ids in the path, or None if the request is for another route."""
        if method != self.method:
            return None
        found = re.fullmatch(self.path.replace("{}", "([^/]+)"), path)
        return list(found.groups()) if found else None

    def wanted(self, encoded: str) -> Row:
        values = nested(encoded)
        checked: Row = read(values, schema.of_params(schema.named(self.params)))
        for path, param in _leaves(checked):
            if not any(path == known or path.startswith(f"{known}.") for known in self.known()):
                raise Refused(
                    f"The payment sandbox does not know {param}.",
                    code="sandbox_unsupported",
                    param=param,
                )
        return checked

    def known(self) -> list[str]:
        return ["expand", *self.knows.split()]


def _leaves(value: Any, path: str = "", name: str = "") -> Iterator[tuple[str, str]]:
    """Each value's place, once with dots and without numbers, once as Stripe writes it."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}".lstrip("."), inside(name, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, path, f"{name}[{index}]")
    elif path:
        yield path, name


def retrieving(kind: str, path: str, params: str) -> Route:
    def retrieve(account: Account, _wanted: Row, object_id: str) -> Row:
        return account.get(kind, object_id)

    return Route("GET", f"{path}/{{}}", params, "", retrieve)
