from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from generations.views import gallery, generation, studio

urlpatterns: list[URLPattern | URLResolver] = [
    path("studio/", studio.studio, name="studio"),
    path("studio/<slug:operation>/", studio.studio, name="studio_operation"),
    path("studio/<slug:operation>/price", studio.price, name="studio_price"),
    path("gallery/", gallery.gallery, name="gallery"),
    path("generations/<slug:public_id>", generation.generation, name="generation"),
    path("generations/<slug:public_id>/", generation.generation),
    path("generations/<slug:public_id>/status", generation.status, name="generation_status"),
    path("generations/<slug:public_id>/cancel", generation.cancel, name="generation_cancel"),
    path("generations/<slug:public_id>/delete", generation.delete, name="generation_delete"),
    path("", include("generations.files_urls")),
]
