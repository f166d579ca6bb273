from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime

from billing import comparison, prices
from billing.admin.base import CreditsFormField, FrozenWithItsParent, is_frozen
from billing.amounts import to_text
from billing.errors import InvalidPriceBook
from billing.models import Margin, OperationRate, PriceBook, UnitPrice


class UnitPriceInline(FrozenWithItsParent):
    model = UnitPrice

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **options: Any
    ) -> Any:
        if db_field.name == "credits":
            return CreditsFormField(label="Credits a unit")
        return super().formfield_for_dbfield(db_field, request, **options)


class MarginInline(FrozenWithItsParent):
    model = Margin


class OperationRateInline(FrozenWithItsParent):
    model = OperationRate
    verbose_name_plural = "Operations without a documented price"


@admin.register(PriceBook)
class PriceBookAdmin(admin.ModelAdmin[PriceBook]):
    change_form_template = "billing/admin_price_book.html"
    list_display = ["version", "note", "prices", "published_at", "valid_from", "in_force"]
    fields = ["version", "note", "valid_from", "published_at"]
    readonly_fields = ["version", "published_at"]
    inlines = [UnitPriceInline, MarginInline, OperationRateInline]
    actions = ["draft_next", "publish"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PriceBook]:
        current = prices.begun_books().values("pk")[:1]
        rows = super().get_queryset(request).prefetch_related("unit_prices")
        return rows.annotate(current=Subquery(current))

    def has_change_permission(self, request: HttpRequest, obj: PriceBook | None = None) -> bool:
        return not is_frozen(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: PriceBook | None = None) -> bool:
        # Asked without an object for a bulk deletion, which could take a published book along.
        return obj is not None and not is_frozen(obj) and super().has_delete_permission(request)

    def save_model(self, request: HttpRequest, obj: PriceBook, form: Any, change: bool) -> None:
        if not change:
            obj.version = prices.next_version()
        super().save_model(request, obj, form, change)

    @admin.display(description="in force", boolean=True)
    def in_force(self, row: PriceBook) -> bool:
        return row.pk == row.current  # type: ignore[attr-defined, no-any-return]

    @admin.display(description="credits a unit")
    def prices(self, row: PriceBook) -> str:
        return ", ".join(
            f"{unit.unit_type} {to_text(unit.credits)}" for unit in row.unit_prices.all()
        )

    @admin.action(description="Draft the next version from this one", permissions=["add"])
    def draft_next(self, request: HttpRequest, queryset: QuerySet[PriceBook]) -> None:
        for book in queryset:
            messages.info(request, f"{prices.draft_from(book)} was drafted.")

    @admin.action(description="Publish…", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[PriceBook]) -> HttpResponse | None:
        """Leads to the comparison: nothing is published unseen, nor two books at once."""
        if len(queryset) == 1:
            return redirect("admin:billing_pricebook_publish", queryset[0].pk)
        messages.error(request, "Choose one price book to publish.")
        return None

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.publish_page)
        return [
            path("<int:pk>/publish/", view, name="billing_pricebook_publish"),
            *super().get_urls(),
        ]

    def publish_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What would get dearer and cheaper, and the button that publishes exactly that."""
        if not request.user.has_perm("billing.change_pricebook"):
            raise PermissionDenied
        book = get_object_or_404(PriceBook, pk=pk)
        if request.method == "POST" and self._published(request, book):
            return redirect("admin:billing_pricebook_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": f"Publish {book}",
            "book": book,
            "problems": prices.problems(book),
            "comparison": comparison.compare(book),
        }
        return render(request, "billing/admin_publish.html", context)

    def _published(self, request: HttpRequest, book: PriceBook) -> bool:
        try:
            published = comparison.publish_as_compared(book, digest=request.POST.get("digest", ""))
        except InvalidPriceBook as exc:
            messages.error(request, f"{book}: {exc}")
            return False
        self.log_change(request, published, "Published")
        starts = published.valid_from
        if starts is not None and starts > timezone.now():
            text = (
                f"{published} comes into force on {date_format(localtime(starts), 'j F Y, H:i T')}."
            )
        else:
            text = f"{published} is in force."
        messages.success(request, text)
        return True
