"""The endpoints below `/kling/v1` as a table of Markdown, made from the declarations.

``python -m generations.kling_api.reference docs/kling-api.md`` writes it between the two marks of
that file; a test compares.
"""

from __future__ import annotations

import sys
from pathlib import Path

from kling import operations

BEGIN, END = "<!-- made from the declarations: begin -->", "<!-- end -->"


def table() -> str:
    rows = ["| endpoint | makes | the result comes |", "|---|---|---|"]
    for one in operations.all_operations():
        when = "with the answer" if one.synchronous else "later"
        link = f"[{one.title}](operations.md#{one.name})"
        rows.append(f"| `/kling/v1/{one.path}` | {link} | {when} |")
    return "\n".join(rows) + "\n"


def inserted(document: str) -> str:
    """`document` with the table between its marks. Raises ValueError without marks."""
    head, begin, rest = document.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"The document has no {BEGIN} … {END}.")
    return f"{head}{BEGIN}\n\n{table()}\n{END}{tail}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(inserted(path.read_text(encoding="utf-8")), encoding="utf-8")
