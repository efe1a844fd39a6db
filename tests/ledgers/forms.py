"""Ledgers in the forms that agencies publish, from a seed: what is true, the files, and the mapping that is right."""

import gzip
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random

import openpyxl
import pandas as pd

from model_code.features.fields import FIELDS as KNOWN

FIELDS = tuple(
    name for name in KNOWN if name in {"transaction_id", "office", "merchant", "mcc", "amount", "transaction_date"}
)
HEADERS = {
    "transaction_id": ("Transaction ID", "id", "Reference No"),
    "office": ("Directorate", "office", "DEPARTMENT"),
    "merchant": ("Supplier", "merchant", "Vendor Name"),
    "mcc": ("MCC", "mcc"),
    "amount": ("Amount", "NET AMOUNT", "Payment amount"),
    "transaction_date": ("Payment Date", "date", "Transaction Date"),
}
DATES = ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%b-%Y", "%Y%m%d", "%d/%m/%y")
TIMES = ("", "", " 00:00:00", " 14:22", "T09:15:00", " 2:05 PM")
MINUS = ("-{}", "({})", "{}-", "{} CR", "\u2212{}")
SIGNED = {
    "USD": ("{}", "${}", "USD {}"),
    "EUR": ("{}", "\u20ac{}", "{} \u20ac", "{} EUR"),
    "GBP": ("{}", "\u00a3{}", "GBP {}"),
}
ENDS = ("\n", "\r\n", "\r")
CONTAINERS = ("csv", "gz", "openpyxl", "pandas-xlsx", "pandas-csv", "parquet", "zip", "months")
SHOPS = ("ACME TOOLS", 'MONITOR 27" WIDE', "SMITH, JONES & CO", "CAFE; BAR", "O'NEIL", "TAB\tSHOP", "BOOKS\nAND MORE")
Row = dict[str, str]


@dataclass
class Ledger:
    """A ledger that was written: its truth by row, and how."""

    random: Random
    currency: str
    decimal: str
    container: str
    dates: str
    names: dict[str, str]
    truth: list[tuple[str, str, float, date]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    form: dict[str, object] = field(default_factory=dict)

    def mapping(self) -> str:
        """The mapping that is right, or what a fault made of it."""
        columns = [
            f'{name} = "{self.names[name]}"' for name in self.names if not (name == FIELDS[0] and "ids" in self.keys)
        ]
        return "\n".join([*(f"{name} = {value}" for name, value in self.keys.items()), "[columns]", *columns, ""])


def made(seed: int) -> Ledger:
    """The ledger of a seed, its rows as texts; nothing is written yet."""
    random = Random(seed)  # noqa: S311 (a seed, no secret)
    currency = random.choice(list(SIGNED))
    container = random.choice(CONTAINERS)
    ledger = Ledger(
        random,
        currency,
        "," if currency == "EUR" and random.random() < 0.7 else ".",
        container,
        random.choice(DATES),
        {name: random.choice(choices) for name, choices in HEADERS.items()},
    )
    ledger.keys |= {"currency": f'"{currency}"', "decimal": f'"{ledger.decimal}"'}
    if ledger.dates != "%Y-%m-%d":
        ledger.keys["date_formats"] = f'["{ledger.dates}"]'
    if random.random() < 0.2:
        ledger.keys["spending"] = '"negative"'
    if random.random() < 0.2:
        ledger.keys["ids"] = '"digest"'
        del ledger.names["transaction_id"]
    for name in ("mcc", "office"):
        if random.random() < 0.2:
            del ledger.names[name]
    _fill(ledger)
    return ledger


def _fill(ledger: Ledger) -> None:
    random = ledger.random
    sign, minus = random.choice(SIGNED[ledger.currency]), random.choice(MINUS)
    group = random.choice([",", " ", ""] if ledger.decimal == "." else [".", " ", ""])
    time = random.choice(TIMES) if ledger.dates != "%Y%m%d" else ""
    turned = -1 if "spending" in ledger.keys else 1
    for number in range(random.randint(90, 180)):
        day = date(2025, 1, 1) + timedelta(days=(number * 7 + random.randint(0, 6)) % 89)
        cents = random.randint(100, 400_000) * (-1 if random.random() < 0.1 else 1)
        shop = f"{random.choice(SHOPS)} {random.randint(1, 30)}"
        size = f"{abs(cents) // 100:,}".replace(",", group) + f"{ledger.decimal}{abs(cents) % 100:02d}"
        text = sign.format(size)
        ledger.truth.append((f"R{number:05d}", " ".join(shop.upper().split()), cents / 100, day))
        ledger.rows.append(
            {
                "transaction_id": f"R{number:05d}",
                "office": f"Office {number % 4}",
                "merchant": shop,
                "mcc": random.choice(["5812", "5085", "0742"]),
                "amount": minus.format(text) if cents * turned < 0 else text,
                "transaction_date": day.strftime(ledger.dates) + time,
            }
        )


def write(ledger: Ledger, folder: Path) -> Path:
    """Write the files; returns the ledger's path."""
    folder.mkdir(parents=True, exist_ok=True)
    return _WRITERS[ledger.container](ledger, folder)


def table(ledger: Ledger, rows: list[Row] | None = None) -> list[list[str]]:
    """Header and rows, with what stands above and below in some files."""
    random = Random(len(ledger.rows))  # noqa: S311 (a seed, no secret)
    lines = [[ledger.names[name] for name in ledger.names]]
    lines += [[row[name] for name in ledger.names] for row in (ledger.rows if rows is None else rows)]
    if random.random() < 0.3:
        lines[:0] = [["Payments of the council"], ["Prepared 1 April 2025"], []]
    if random.random() < 0.3:
        lines += [[], ["Total", *[""] * (len(ledger.names) - 1)]]
    return lines


def text(lines: list[list[str]], ledger: Ledger) -> bytes:
    """The table as separated text in one of its forms."""
    random = Random(len(ledger.rows) + 1)  # noqa: S311 (a seed, no secret)
    separator = random.choice([";", "\t"] if ledger.decimal == "," else [",", ";", "\t"])
    end, always, extra = random.choice(ENDS), random.random() < 0.3, random.random() < 0.2

    def value(each: str) -> str:
        quoted = always or any(sign in each for sign in (separator, '"', "\n", "\r"))
        return '"' + each.replace('"', '""') + '"' if quoted else each

    joined = (separator.join(map(value, line)) + (separator if extra and line else "") for line in lines)
    encoding = random.choice(["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    encoding = "utf-8" if "\u2212" in str(lines) and encoding == "cp1252" else encoding
    return "".join(f"{line}{end}" for line in joined).encode(encoding)


def _csv(ledger: Ledger, folder: Path) -> Path:
    path = folder / ledger.random.choice(["ledger.csv", "LEDGER.CSV", "ledger.txt", "ledger.tsv"])
    path.write_bytes(text(table(ledger), ledger))
    return path


def _gz(ledger: Ledger, folder: Path) -> Path:
    path = folder / "ledger.csv.gz"
    path.write_bytes(gzip.compress(text(table(ledger), ledger)))
    return path


def _months(ledger: Ledger, folder: Path) -> Path:
    for month, rows in _by_month(ledger).items():
        (folder / f"2025-{month:02d}.csv").write_bytes(text(table(ledger, rows), ledger))
    return folder


def _zip(ledger: Ledger, folder: Path) -> Path:
    with zipfile.ZipFile(folder / "ledger.zip", "w") as archive:
        for month, rows in _by_month(ledger).items():
            archive.writestr(f"year/2025-{month:02d}.csv", text(table(ledger, rows), ledger))
    return folder / "ledger.zip"


def _by_month(ledger: Ledger) -> dict[int, list[Row]]:
    months: dict[int, list[Row]] = {}
    for row, true in zip(ledger.rows, [*ledger.truth, *ledger.truth], strict=False):
        months.setdefault(true[3].month, []).append(row)
    return dict(sorted(months.items()))


def _openpyxl(ledger: Ledger, folder: Path) -> Path:
    book = openpyxl.Workbook()
    for line in table(ledger):
        book.active.append(line)
    book.create_sheet("Notes").append(["Nothing here"])
    book.save(folder / "ledger.xlsx")
    return folder / "ledger.xlsx"


def typed(ledger: Ledger) -> pd.DataFrame:
    """The rows as pandas has them: numbers and days, not texts."""
    turned = -1 if "spending" in ledger.keys else 1
    frame = pd.DataFrame(ledger.rows)[list(ledger.names)]
    if len(ledger.rows) == len(ledger.truth):
        frame["amount"] = [turned * amount for *_, amount, _ in ledger.truth]
        frame["transaction_date"] = pd.to_datetime([day for *_, day in ledger.truth])
    return frame.rename(columns=ledger.names)


def _pandas_xlsx(ledger: Ledger, folder: Path) -> Path:
    typed(ledger).to_excel(folder / "ledger.xlsx", index=False)
    return folder / "ledger.xlsx"


def _parquet(ledger: Ledger, folder: Path) -> Path:
    typed(ledger).to_parquet(folder / "ledger.parquet")
    return folder / "ledger.parquet"


def _pandas_csv(ledger: Ledger, folder: Path) -> Path:
    target = io.StringIO()
    typed(ledger).to_csv(target, index=False, decimal=ledger.decimal, sep=";" if ledger.decimal == "," else ",")
    (folder / "ledger.csv").write_text(target.getvalue(), encoding="utf-8")
    return folder / "ledger.csv"


_WRITERS: dict[str, Callable[[Ledger, Path], Path]] = {
    "csv": _csv,
    "gz": _gz,
    "openpyxl": _openpyxl,
    "pandas-xlsx": _pandas_xlsx,
    "pandas-csv": _pandas_csv,
    "parquet": _parquet,
    "zip": _zip,
    "months": _months,
}
