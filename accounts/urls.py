from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from accounts.views import home, keys, members, settings
from accounts.views.email import EmailView

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("welcome", home.welcome, name="welcome"),
    # Before allauth's own, which stands at the same path.
    path("accounts/email/", EmailView.as_view(), name="account_email"),
    path("settings", settings.settings, name="settings"),
    path("settings/profile", settings.profile, name="settings_profile"),
    path("settings/workspace", settings.workspace, name="settings_workspace"),
    path("settings/workspace/name", settings.rename, name="workspace_rename"),
    path("settings/members/<int:member>/role", members.change_role, name="member_change_role"),
    path("settings/members/<int:member>/remove", members.remove, name="member_remove"),
    path("settings/invitations", members.invite, name="member_invite"),
    path(
        "settings/invitations/<slug:public_id>/withdraw",
        members.withdraw,
        name="invitation_withdraw",
    ),
    path("settings/keys", keys.key_list, name="settings_keys"),
    path("settings/keys/<slug:prefix>", keys.revoke_page, name="key_revoke_page"),
    path("settings/keys/<slug:prefix>/revoke", keys.revoke, name="key_revoke"),
    path("workspaces/new", settings.create, name="workspace_create"),
    path("workspaces/switch", settings.switch, name="workspace_switch"),
    path("invitations/<slug:public_id>", members.invitation, name="invitation"),
    path("invitations/<slug:public_id>/accept", members.accept, name="invitation_accept"),
]
