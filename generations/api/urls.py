from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from generations.api.catalogue import OperationsView, OperationView
from generations.api.faces import FacesOfSessionView, FacesView
from generations.api.media import AssetContentView, AssetView, UploadsView
from generations.api.spending import SpendingView
from generations.api.usage import UsageView
from generations.api.views import (
    ApproveView,
    CancelView,
    GenerationsView,
    GenerationView,
    QuotesView,
    RejectView,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("generations", GenerationsView.as_view(), name="api_generations"),
    path("generations/<slug:public_id>", GenerationView.as_view(), name="api_generation"),
    path("generations/<slug:public_id>/cancel", CancelView.as_view(), name="api_cancel"),
    path("generations/<slug:public_id>/approve", ApproveView.as_view(), name="api_approve"),
    path("generations/<slug:public_id>/reject", RejectView.as_view(), name="api_reject"),
    path("quotes", QuotesView.as_view(), name="api_quotes"),
    path("faces", FacesView.as_view(), name="api_faces"),
    path("faces/<slug:public_id>", FacesOfSessionView.as_view(), name="api_faces_of_session"),
    path("operations", OperationsView.as_view(), name="api_operations"),
    path("operations/<str:name>", OperationView.as_view(), name="api_operation"),
    path("uploads", UploadsView.as_view(), name="api_uploads"),
    path("assets/<slug:public_id>", AssetView.as_view(), name="api_asset"),
    path("assets/<slug:public_id>/content", AssetContentView.as_view(), name="api_asset_content"),
    path("spending", SpendingView.as_view(), name="api_spending"),
    path("usage", UsageView.as_view(), name="api_usage"),
]
