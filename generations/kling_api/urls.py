"""`/kling/v1`: one endpoint for each operation in the registry."""

from __future__ import annotations

import re

from django.urls import URLPattern, URLResolver, path, re_path, register_converter

from generations.kling_api.views import NothingHereView, TasksView, TaskView
from kling import operations
from kling.operations.base import Operation

ENDPOINTS = {operation.path: operation for operation in operations.all_operations()}


class EndpointConverter:
    """The path of an endpoint, such as `videos/text2video`, to and from its operation."""

    regex = "|".join(re.escape(endpoint) for endpoint in ENDPOINTS)

    def to_python(self, value: str) -> Operation:
        return ENDPOINTS[value]

    def to_url(self, value: Operation) -> str:
        return value.path


register_converter(EndpointConverter, "endpoint")

urlpatterns: list[URLPattern | URLResolver] = [
    path("<endpoint:operation>", TasksView.as_view(), name="kling_tasks"),
    # An external_task_id may have any character, slashes too.
    path("<endpoint:operation>/<path:task_id>", TaskView.as_view(), name="kling_task"),
    re_path(r"^.*$", NothingHereView.as_view()),
]
