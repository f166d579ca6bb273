"""How the same protocol is spoken by Kling itself and by the two that resell it.

A dialect is a host, a path prefix, a way to authenticate, and what can be asked (protocol,
sections 1, 4.2 and 4.4). Limits of single fields stand with the fields, in kling/operations.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from kling import operations
from kling.errors import FieldError, InvalidInput
from kling.operations.base import CLOUDSWAY, COMETAPI, OFFICIAL, Operation


@dataclass(frozen=True)
class Dialect:
    """``prefix`` is a template; ``{endpoint_path}`` is what a Cloudsway customer has bought."""

    name: str
    title: str
    default_base_url: str
    prefix: str
    lists_tasks: bool = False
    reports_costs: bool = False
    takes_access_keys: bool = False
    needs_endpoint_path: bool = False

    def serves(self, operation: str | Operation) -> bool:
        return self.name in _operation(operation).dialects

    def takes_callbacks(self, operation: str | Operation) -> bool:
        """Whether the page of the operation documents ``callback_url``."""
        return self.name in _operation(operation).callbacks_on

    def finds_by_external_id(self, operation: str | Operation) -> bool:
        """Whether the page says that a task can be queried by ``external_task_id``."""
        return self.name in _operation(operation).external_id_query_on

    def path(self, operation_path: str, *, endpoint_path: str = "") -> str:
        """The URL path of an operation, for example ``/kling/v1/videos/text2video``."""
        return self.prefix.format(endpoint_path=quote(endpoint_path, safe="")) + operation_path


_DIALECTS = (
    Dialect(
        name=COMETAPI,
        title="CometAPI",
        default_base_url="https://api.cometapi.com",
        prefix="/kling/v1/",
    ),
    Dialect(
        name=CLOUDSWAY,
        title="Cloudsway",
        default_base_url="https://genaiapi.cloudsway.net",
        # No "/v1/" after "kling" here, unlike the other two.
        prefix="/v1/ai/{endpoint_path}/kling/",
        needs_endpoint_path=True,
    ),
    Dialect(
        name=OFFICIAL,
        title="Kling",
        default_base_url="https://api-singapore.klingai.com",
        prefix="/v1/",
        lists_tasks=True,
        reports_costs=True,
        takes_access_keys=True,
    ),
)
_BY_NAME = {dialect.name: dialect for dialect in _DIALECTS}


def all_dialects() -> tuple[Dialect, ...]:
    return _DIALECTS


def get(name: object) -> Dialect:
    """The dialect of that name. Raises InvalidInput on the field ``provider``."""
    dialect = _BY_NAME.get(name) if isinstance(name, str) else None
    if dialect is None:
        message = f"There is no such provider. Known ones: {', '.join(_BY_NAME)}."
        raise InvalidInput([FieldError("provider", "unknown_provider", message)])
    return dialect


def _operation(operation: str | Operation) -> Operation:
    return operation if isinstance(operation, Operation) else operations.get(operation)
