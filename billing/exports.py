"""Tables as CSV files: streamed row by row, harmless in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from django.http import StreamingHttpResponse

from billing.amounts import to_text

Cell = str | int | Decimal | datetime | None

# Spreadsheets run a cell that starts so as a formula, some of them behind a space or a quote.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_response(
    filename: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> StreamingHttpResponse:
    """A download that never holds more than a row. Times in it are UTC."""
    response = StreamingHttpResponse(_lines(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}.csv"'
    # What a workspace paid is for its members' eyes: no cache keeps it.
    response["Cache-Control"] = "private, no-store"
    return response


def in_credits(micro: int) -> Decimal:
    """A number of credits for a cell."""
    return Decimal(to_text(micro))


class _Echo:
    """A file that hands each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _lines(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(header)
    for row in rows:
        yield writer.writerow([_text(cell) for cell in row])


def _text(cell: Cell) -> str:
    """Numbers stay numbers, below zero too; what people or providers wrote is made harmless."""
    match cell:
        case None:
            return ""
        case datetime():
            return cell.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        case Decimal():
            return format(cell, "f")
        case int():
            return str(cell)
    return f"'{cell}" if cell.lstrip(" \"'").startswith(FORMULAS) else cell
