"""What public trackers say of files that people hand over: a list made from their reports, not from the reader.

A tracker and a number stand where one report was the model; the rest are named again and again.
"""

from collections.abc import Callable
from pathlib import Path

from tests.ledgers.faults import Fault, as_text
from tests.ledgers.forms import Ledger, Row
from tests.ledgers.writers import by_month, table, text

EVERY = 8
"""One row in so many is spoilt: more than may be set aside."""


def _each(ledger: Ledger, column: str, make: Callable[[str], str], every: int = EVERY) -> None:
    for row in ledger.rows[::every]:
        row[column] = make(row[column])


def _some(column: str, value: str, every: int = EVERY) -> Callable[[Ledger, Path], Path]:
    """One value in so many is this one instead."""

    def spoil(ledger: Ledger, folder: Path) -> Path:
        """One value in so many is another."""
        _each(ledger, column, lambda _: value, every)
        return as_text(ledger, folder)

    return spoil


def _day_first(ledger: Ledger) -> None:
    ledger.dates, ledger.keys["date_formats"] = "%d/%m/%Y", '["%d/%m/%Y"]'
    for row, true in zip(ledger.rows, ledger.truth, strict=True):
        row["transaction_date"] = true.day.strftime("%d/%m/%Y")


def _own_ids(ledger: Ledger) -> None:
    ledger.names.setdefault("transaction_id", "id")
    ledger.keys.pop("ids", None)


def _months(ledger: Ledger, folder: Path, change: Callable[[int, list[Row]], None]) -> Path:
    """A file a month, each changed by its number."""
    folder.mkdir(parents=True, exist_ok=True)
    for month, rows in by_month(ledger).items():
        change(month, rows)
        (folder / f"2025-{month:02d}.csv").write_bytes(text(table(ledger, rows), ledger))
    return folder


def direction_beside(ledger: Ledger, folder: Path) -> Path:
    """No amount has a sign; a column of its own says which are refunds (securo 665, ynab-csv 79)."""
    ledger.notes = "Dr/Cr"
    for row, true in zip(ledger.rows, ledger.truth, strict=True):
        row["amount"] = f"{abs(true.amount):.2f}".replace(".", ledger.decimal)
        row["notes"] = "CR" if true.amount < 0 else "DR"
    ledger.keys.pop("spending", None)
    return as_text(ledger, folder)


def two_columns(ledger: Ledger, folder: Path) -> Path:
    """Refunds stand in a column of their own (firefly-iii 931, buckets 222)."""
    ledger.notes = "Credit"
    for row, true in zip(ledger.rows, ledger.truth, strict=True):
        size = f"{abs(true.amount):.2f}".replace(".", ledger.decimal)
        row["amount"], row["notes"] = ("", size) if true.amount < 0 else (size, "")
    ledger.keys.pop("spending", None)
    return as_text(ledger, folder)


def restarted_ids(ledger: Ledger, folder: Path) -> Path:
    """Each month numbers its rows from one."""
    _own_ids(ledger)

    def change(_: int, rows: list[Row]) -> None:
        for number, row in enumerate(rows):
            row["transaction_id"] = str(number + 1)

    return _months(ledger, folder, change)


def fifteen_digits(ledger: Ledger, folder: Path) -> Path:
    """A spreadsheet kept fifteen digits of nineteen (mycli 1094, orangelight 2695)."""
    _own_ids(ledger)
    for number, row in enumerate(ledger.rows):
        row["transaction_id"] = f"15829175{number:07d}0000"
    return as_text(ledger, folder)


def two_encodings(ledger: Ledger, folder: Path) -> Path:
    """The second half was written by another program, in UTF-8, the first in cp1252."""
    path = as_text(ledger, folder)
    _plain_amounts(ledger)
    lines = table(ledger)
    middle = len(lines) // 2
    path.write_bytes(_tabbed(lines[:middle]).encode("cp1252") + _tabbed(lines[middle:]).encode())
    return path


def other_decimals(ledger: Ledger, folder: Path) -> Path:
    """Whole thousands of another writer stand between amounts with a declared sign (actual 2374, 2143)."""
    _each(ledger, "amount", lambda _: "1.250" if ledger.decimal == "." else "1,250")
    return as_text(ledger, folder)


def spark_marks(ledger: Ledger, folder: Path) -> Path:
    """Quotation marks are written with a backslash, as Spark does (spark-csv 466)."""
    path = as_text(ledger, folder)
    lines = ("\t".join('"' + value.replace('"', '\\"') + '"' for value in line) for line in table(ledger) if line)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def joined_files(ledger: Ledger, folder: Path) -> Path:
    """Two files were put one behind the other, mark and header of the second too."""
    path = as_text(ledger, folder)
    lines = [line for line in table(ledger) if len(line) == len(ledger.names) + bool(ledger.notes)]
    middle = len(lines) // 2
    header = next(line for line in lines if line[0] in ledger.names.values())
    path.write_text(_tabbed([*lines[:middle], [f"\ufeff{header[0]}", *header[1:]], *lines[middle:]]), encoding="utf-8")
    return path


def _tabbed(lines: list[list[str]]) -> str:
    return "".join("\t".join('"' + value.replace('"', '""') + '"' for value in line) + "\n" for line in lines if line)


def separator_line(ledger: Ledger, folder: Path) -> Path:
    """Excel's `sep=` stands above the header."""
    path = as_text(ledger, folder)
    path.write_text("sep=\t\n" + _tabbed(table(ledger)), encoding="utf-8")
    return path


def web_page(ledger: Ledger, folder: Path) -> Path:
    """A web page was saved under a spreadsheet's name."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = "".join("<tr>" + "".join(f"<td>{value}</td>" for value in line) + "</tr>\n" for line in table(ledger))
    (folder / "ledger.xls").write_text(f"<html><body><table>\n{rows}</table></body></html>\n", encoding="utf-8")
    return folder / "ledger.xls"


def odd_days(ledger: Ledger, folder: Path) -> Path:
    """Single days are no days, or not of this age (readxl 383)."""
    for row, day in zip(ledger.rows[3:], ("1900-01-00", "0013-06-30", "9999-12-31"), strict=False):
        row["transaction_date"] = day
    return as_text(ledger, folder)


def column_gone(ledger: Ledger, folder: Path) -> Path:
    """One month's file lacks a column."""
    return _one_header(ledger, folder, lambda names: [*names[:-1]])


def column_renamed(ledger: Ledger, folder: Path) -> Path:
    """One month calls a column otherwise."""
    return _one_header(ledger, folder, lambda names: [*names[:-1], f"{names[-1]} (see note 3)"])


def _one_header(ledger: Ledger, folder: Path, change: Callable[[list[str]], list[str]]) -> Path:
    ledger.notes = ""
    path = _months(ledger, folder, lambda *_: None)
    lines = [line for line in table(ledger, by_month(ledger)[3]) if len(line) == len(ledger.names)]
    header = change(lines[0])
    (folder / "2025-03.csv").write_bytes(text([header, *(line[: len(header)] for line in lines[1:])], ledger))
    return path


def sign_turned(ledger: Ledger, folder: Path) -> Path:
    """One month has the sign the other way round."""

    def change(month: int, rows: list[Row]) -> None:
        for row in rows if month == 2 else []:
            row["amount"] = row["amount"].strip("-") if "-" in row["amount"] else f"-{row['amount']}"

    _plain_amounts(ledger)
    return _months(ledger, folder, change)


def _plain_amounts(ledger: Ledger) -> None:
    turned = -1 if "spending" in ledger.keys else 1
    for row, true in zip(ledger.rows, ledger.truth, strict=True):
        row["amount"] = f"{turned * true.amount:.2f}".replace(".", ledger.decimal)


def month_first_once(ledger: Ledger, folder: Path) -> Path:
    """One month's file, of its first days alone, has the month before the day."""
    _day_first(ledger)

    def change(month: int, rows: list[Row]) -> None:
        if month == 3:
            rows[:] = [row for row in rows if int(row["transaction_date"][:2]) <= 12]
            for row in rows:
                day, month_, year = row["transaction_date"].split("/")
                row["transaction_date"] = f"{month_}/{day}/{year}"

    kept = [n for n, true in enumerate(ledger.truth) if true.day.month < 3 or true.day.day <= 12]
    ledger.rows = [ledger.rows[n] for n in kept]
    ledger.truth = [ledger.truth[n] for n in kept]
    return _months(ledger, folder, change)


def text_formulas(ledger: Ledger, folder: Path) -> Path:
    """Values are written as formulas, so that Excel leaves them alone: `="0012"`."""
    _own_ids(ledger)
    for row in ledger.rows:
        row["transaction_id"], row["mcc"] = f'="{row["transaction_id"]}"', f'="{row["mcc"]}"'
    return as_text(ledger, folder)


def long_tails(ledger: Ledger, folder: Path) -> Path:
    """Amounts carry a program's rounding errors."""
    _plain_amounts(ledger)
    _each(ledger, "amount", lambda size: f"{size}0000000000001" if ledger.decimal in size else size, 3)
    return as_text(ledger, folder)


def offices_once(ledger: Ledger, folder: Path) -> Path:
    """A report's groups: the office stands in the first row of each alone."""
    ledger.names.setdefault("office", "Directorate")
    ledger.rows.sort(key=lambda row: row["office"])
    ledger.truth = sorted(
        [true._replace(office=f"Office {number % 4}") for number, true in enumerate(ledger.truth)],
        key=lambda true: true.office,
    )
    for before, row in zip([None, *[dict(row) for row in ledger.rows]], ledger.rows, strict=False):
        row["office"] = "" if before and before["office"] == row["office"] else row["office"]
    return as_text(ledger, folder)


def days_once(ledger: Ledger, folder: Path) -> Path:
    """The day stands in the first of its rows alone."""
    _each(ledger, "transaction_date", lambda _: "", 2)
    return as_text(ledger, folder)


def hidden_marks(ledger: Ledger, folder: Path) -> Path:
    """Days and payees carry marks of writing direction that nobody sees."""
    for row in ledger.rows:
        row["transaction_date"], row["merchant"] = f"\u200e{row['transaction_date']}", f"{row['merchant']}\u200b"
    path = as_text(ledger, folder)
    path.write_text(_tabbed(table(ledger)), encoding="utf-8")
    return path


def no_mark(ledger: Ledger, folder: Path) -> Path:
    """UTF-16 without its mark."""
    path = as_text(ledger, folder)
    path.write_bytes("\n".join("\t".join(line) for line in table(ledger)).encode("utf-16-le"))
    return path


REPORTED: dict[str, Fault] = {
    "direction beside": Fault(direction_beside, r"signs_elsewhere"),
    "two columns": Fault(two_columns, r"missing amount"),
    "restarted ids": Fault(restarted_ids, r"several_amounts"),
    "fifteen digits": Fault(fifteen_digits, r"damaged_ids"),
    "two encodings": Fault(two_encodings, r"two_encodings"),
    "other decimals": Fault(other_decimals, r"three_decimals|two ways"),
    "spark's marks": Fault(spark_marks, r"quotation mark"),
    "joined files": Fault(joined_files),
    "separator line": Fault(separator_line),
    "web page": Fault(web_page, r"is a web page"),
    "odd days": Fault(odd_days, r"transaction_date is"),
    "column gone": Fault(column_gone, r"2025-03\.csv lacks the columns"),
    "column renamed": Fault(column_renamed, r"2025-03\.csv lacks the columns"),
    "sign turned": Fault(sign_turned, r"mostly_negative"),
    "month first once": Fault(month_first_once, r"other_date_order"),
    "text formulas": Fault(text_formulas),
    "long tails": Fault(long_tails),
    "offices once": Fault(offices_once, r"filled_once"),
    "days once": Fault(days_once, r"missing transaction_date"),
    "hidden marks": Fault(hidden_marks),
    "no mark": Fault(no_mark, r"NUL byte"),
    "redacted payees": Fault(_some("merchant", "REDACTED PERSONAL DATA"), r"words_for_nothing"),
    "pandas' nothing": Fault(_some("merchant", "<NA>"), r"words_for_nothing"),
    "narrow column": Fault(_some("amount", "########"), r"amount is no number"),
    "scientific amounts": Fault(_some("amount", "1.2E+03"), r"amount is no number"),
    "milliseconds": Fault(_some("transaction_date", "1735689600000"), r"transaction_date is no date"),
}
"""Texts; workbooks stand in `reported_books`."""
