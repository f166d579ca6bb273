from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from generations import files

urlpatterns: list[URLPattern | URLResolver] = [
    path("files/<str:token>", files.signed_file, name="file"),
    path("assets/<slug:public_id>/content", files.asset_content, name="asset_content"),
    path("assets/<slug:public_id>/poster", files.asset_poster, name="asset_poster"),
]
