from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from generations.views import (
    approvals,
    faces,
    gallery,
    generation,
    materials,
    spending,
    studio,
    usage,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("studio/", studio.studio, name="studio"),
    path("studio/uploads", materials.upload, name="studio_upload"),
    path("studio/faces", faces.find, name="studio_faces"),
    path("studio/faces/<slug:public_id>", faces.status, name="studio_faces_status"),
    path("studio/<slug:operation>/", studio.studio, name="studio_operation"),
    path("studio/<slug:operation>/price", studio.price, name="studio_price"),
    path("studio/<slug:operation>/choose", materials.choose, name="studio_choose"),
    path("uploads/<slug:public_id>/content", materials.content, name="upload_content"),
    path("credits/usage/", usage.page, name="usage"),
    path("credits/usage.csv", usage.export, name="usage_export"),
    path("gallery/", gallery.gallery, name="gallery"),
    path("generations/<slug:public_id>", generation.generation, name="generation"),
    path("generations/<slug:public_id>/", generation.generation),
    path("generations/<slug:public_id>/status", generation.status, name="generation_status"),
    path("generations/<slug:public_id>/cancel", generation.cancel, name="generation_cancel"),
    path("generations/<slug:public_id>/delete", generation.delete, name="generation_delete"),
    path("approvals/", approvals.approval_list, name="approvals"),
    path("generations/<slug:public_id>/approve", approvals.approve, name="generation_approve"),
    path("generations/<slug:public_id>/reject", approvals.reject, name="generation_reject"),
    path("settings/spending/approval", spending.approval, name="approval_above"),
    path("settings/spending/low-balance", spending.warn_below, name="low_balance"),
    path("settings/spending", spending.overview, name="settings_spending"),
    path("settings/spending/workspace", spending.cap_workspace, name="cap_workspace"),
    path("settings/spending/members/<int:member>", spending.cap_member, name="cap_member"),
    path("settings/spending/keys/<slug:prefix>", spending.cap_key, name="cap_key"),
    path("", include("generations.files_urls")),
]
