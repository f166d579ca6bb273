from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.read_only import ReadOnlyAdmin, ReadOnlyInline
from billing.admin import by_hand
from billing.amounts import to_text
from billing.models import CreditAccount, Entry, Hold, LedgerAlarm, Lot, LotDraw


@admin.register(CreditAccount)
class CreditAccountAdmin(ReadOnlyAdmin[CreditAccount]):
    change_list_template = "billing/admin_accounts.html"
    list_display = (
        "workspace",
        "balance_credits",
        "held_credits",
        "available_credits",
        "debt_credits",
        "frozen",
    )
    list_select_related = ["workspace"]
    search_fields = ["workspace__name", "workspace__public_id"]
    fields = (*list_display, "history", "created_at")
    readonly_fields = fields

    @admin.display(description="balance", ordering="balance")
    def balance_credits(self, row: CreditAccount) -> str:
        return to_text(row.balance)

    @admin.display(description="held", ordering="held")
    def held_credits(self, row: CreditAccount) -> str:
        return to_text(row.held)

    @admin.display(description="available")
    def available_credits(self, row: CreditAccount) -> str:
        return to_text(row.available)

    @admin.display(description="owed", ordering="debt")
    def debt_credits(self, row: CreditAccount) -> str:
        return to_text(row.debt)

    @admin.display(description="history")
    def history(self, row: CreditAccount) -> SafeString:
        links = format_html(
            '<a href="{}?account__id__exact={}">Entries</a> · '
            '<a href="{}?account__id__exact={}">Holds</a> · '
            '<a href="{}?workspace={}">Grant credits</a> · <a href="{}">Take credits</a>',
            reverse("admin:billing_entry_changelist"),
            row.pk,
            reverse("admin:billing_hold_changelist"),
            row.pk,
            reverse("admin:billing_creditaccount_grant"),
            row.workspace_id,
            reverse("admin:billing_creditaccount_take", args=[row.pk]),
        )
        if not row.debt:
            return links
        forgive = reverse("admin:billing_creditaccount_forgive", args=[row.pk])
        return links + format_html(' · <a href="{}">Forgive a debt</a>', forgive)

    def get_urls(self) -> list[URLPattern]:
        pages: list[tuple[str, Callable[..., HttpResponse], str]] = [
            ("grant/", by_hand.grant, "billing_creditaccount_grant"),
            ("<int:pk>/take/", by_hand.take, "billing_creditaccount_take"),
            ("<int:pk>/forgive/", by_hand.forgive, "billing_creditaccount_forgive"),
        ]
        own = [
            path(where, self.admin_site.admin_view(partial(view, self.admin_site)), name=name)
            for where, view, name in pages
        ]
        return [*own, *super().get_urls()]


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin[Hold]):
    list_display = ["reference", "account", "state", "credits", "captured_credits", "created_at"]
    list_filter = ["state"]
    list_select_related = ["account__workspace"]
    search_fields = ["reference", "account__workspace__name", "account__workspace__public_id"]
    date_hierarchy = "created_at"

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "account__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description="credits", ordering="amount")
    def credits(self, row: Hold) -> str:
        return to_text(row.amount)

    @admin.display(description="charged", ordering="captured")
    def captured_credits(self, row: Hold) -> str:
        return to_text(row.captured)


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin[Entry]):
    list_display = ["account", "seq", "kind", "credits", "balance", "hold", "note", "created_at"]
    list_filter = ["kind"]
    list_select_related = ["account__workspace", "hold"]
    search_fields = ["key", "hold__reference", "account__workspace__name"]
    date_hierarchy = "created_at"
    ordering = ["-pk"]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "account__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description="credits", ordering="amount")
    def credits(self, row: Entry) -> str:
        return to_text(row.amount)

    @admin.display(description="balance after")
    def balance(self, row: Entry) -> str:
        return to_text(row.balance_after)


class LotDrawInline(ReadOnlyInline[LotDraw]):
    model = LotDraw
    fields = ("entry", "drawn", "left")
    readonly_fields = fields

    @admin.display(description="taken")
    def drawn(self, row: LotDraw) -> str:
        return to_text(row.amount)

    @admin.display(description="left after it")
    def left(self, row: LotDraw) -> str:
        return to_text(row.remaining_after)


@admin.register(Lot)
class LotAdmin(ReadOnlyAdmin[Lot]):
    list_display = ["account", "source", "granted_credits", "remaining_credits", "expires_at"]
    list_filter = ["source"]
    list_select_related = ["account__workspace"]
    search_fields = ["entry__key", "account__workspace__name", "account__workspace__public_id"]
    inlines = [LotDrawInline]

    @admin.display(description="granted", ordering="granted")
    def granted_credits(self, row: Lot) -> str:
        return to_text(row.granted)

    @admin.display(description="left", ordering="remaining")
    def remaining_credits(self, row: Lot) -> str:
        return to_text(row.remaining)


@admin.register(LedgerAlarm)
class LedgerAlarmAdmin(ReadOnlyAdmin[LedgerAlarm]):
    list_display = ["rule", "detail", "found_at", "told_at", "mended_at"]
    list_filter = [("mended_at", admin.EmptyFieldListFilter)]
