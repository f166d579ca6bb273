from __future__ import annotations

from django.contrib import admin

from accounts.read_only import ReadOnlyAdmin
from billing.amounts import to_text
from billing.models import BalanceWatch, ExpiryNotice


@admin.register(BalanceWatch)
class BalanceWatchAdmin(ReadOnlyAdmin[BalanceWatch]):
    list_display = ["workspace", "kind", "threshold_credits", "is_armed", "crossed_at"]
    list_filter = ["kind", "is_armed"]
    list_select_related = ["workspace"]
    search_fields = ["workspace__name", "workspace__public_id"]

    @admin.display(description="threshold (credits)", ordering="threshold")
    def threshold_credits(self, row: BalanceWatch) -> str:
        return "default" if row.threshold is None else to_text(row.threshold)


@admin.register(ExpiryNotice)
class ExpiryNoticeAdmin(ReadOnlyAdmin[ExpiryNotice]):
    list_display = ["lot", "workspace", "created_at"]
    list_select_related = ["lot__account__workspace"]

    @admin.display
    def workspace(self, row: ExpiryNotice) -> str:
        return row.lot.account.workspace.name
