"""The review list as an Excel workbook: one purchase a line, and a sheet that says what the numbers are."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import xlsxwriter

from model_code.scoring.cells import guarded

MOST_ROWS = 1_048_575
"""Of an Excel sheet, below its header."""
WIDTHS = {"rank": 6, "score": 8, "transaction_date": 12, "amount": 12, "office": 26, "merchant": 30, "currency": 9}
_REASON_WIDTH, _OTHER_WIDTH = 70, 16
NOTES = (
    "Each line is a purchase of the new file, the most unusual first. A person decides; the score proves nothing.",
    "rank: the place within the review budget. score: what the model gives, from 0 to 1; it orders purchases.",
    "status: new; changed (the ledger or earlier scores had this id with other content).",
    "usual purchase: the geometric mean of those it is compared with. since: the month of the first of them.",
    "The columns after the reasons are the file's own, as published. They may hold names: keep this file as that.",
)
_CREATED = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""Equal rows give equal bytes: a workbook that isn't told says when it was made."""


def write_workbook(path: Path, review: pa.Table, about: Mapping[str, Any]) -> None:
    """Write the ranked rows (as many as a sheet holds) and what is known of the scoring."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(path, {**options, "constant_memory": True}) as book:
        book.set_properties({"created": _CREATED})
        sheet, head = book.add_worksheet("Review"), book.add_format({"bold": True})
        days, wrapped = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"text_wrap": True})
        sheet.freeze_panes(1, 0)
        for place, name in enumerate(review.column_names):
            width = _REASON_WIDTH if name.startswith("reason_") else WIDTHS.get(name, _OTHER_WIDTH)
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, guarded(name), head)
        for number, row in enumerate(review.slice(0, MOST_ROWS).to_pylist(), start=1):
            for place, value in enumerate(row.values()):
                if isinstance(value, date):
                    sheet.write_datetime(number, place, value, days)
                elif isinstance(value, int | float):
                    sheet.write_number(number, place, value)
                elif value:
                    sheet.write_string(number, place, guarded(str(value)), wrapped)
        _about(book, head, about)


def _about(book: xlsxwriter.Workbook, head: Any, about: Mapping[str, Any]) -> None:  # noqa: ANN401 - without types
    sheet = book.add_worksheet("About")
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 100)
    for number, (name, value) in enumerate(about.items()):
        sheet.write_string(number, 0, guarded(str(name)), head)
        sheet.write_string(number, 1, guarded(str(value)))
    for number, note in enumerate(NOTES, start=len(about) + 1):
        sheet.write_string(number, 1, note)
