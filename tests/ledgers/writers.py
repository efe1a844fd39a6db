"""A made ledger as files: texts by this module, others by pandas, openpyxl, PyArrow and LibreOffice in their ways."""

import functools
import gzip
import io
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import openpyxl
import pandas as pd

from tests.ledgers.forms import Ledger, Row

ENDS = ("\n", "\r\n", "\r")
HERE = "openpyxl"
"""What writes workbooks in LibreOffice's place where it isn't installed; the campaign counts them."""


def write(ledger: Ledger, folder: Path) -> Path:
    """Write the files; returns the ledger's path."""
    folder.mkdir(parents=True, exist_ok=True)
    return _WRITERS[ledger.container](ledger, folder)


def office() -> str | None:
    """LibreOffice's program on this machine, if it is there."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def table(ledger: Ledger, rows: list[Row] | None = None, *, turn: int = 0) -> list[list[str]]:
    """Header and rows, with what stands above and below in some files; `turn`: so many columns stand last."""
    random = Random(len(ledger.rows))  # noqa: S311 (a seed, no secret)
    names = [*ledger.names][turn:] + [*ledger.names][:turn]
    shown = {**ledger.names, **({"notes": ledger.notes} if ledger.notes else {})}
    order = [*names, *(["notes"] if ledger.notes else [])]
    lines = [[shown[name] for name in order]]
    lines += [[row.get(name, "") for name in order] for row in (ledger.rows if rows is None else rows)]
    if random.random() < 0.3:
        lines[:0] = [["Payments of the council"], ["Prepared 1 April 2025"], []]
    if random.random() < 0.3:
        lines += [[], ["Total", *[""] * (len(order) - 1)], ["Page 1 of 1"]]
    return lines


def text(lines: list[list[str]], ledger: Ledger) -> bytes:
    """The table as separated text in one of its forms."""
    random = Random(len(ledger.rows) + 1)  # noqa: S311 (a seed, no secret)
    separator = random.choice([";", "\t"] if ledger.decimal == "," else [",", ";", "\t"])
    end, always, extra = random.choice(ENDS), random.random() < 0.3, random.random() < 0.2
    trimmed = not extra and bool(ledger.notes) and random.random() < 0.3

    def value(each: str) -> str:
        quoted = always or any(sign in each for sign in (separator, '"', "\n", "\r"))
        return '"' + each.replace('"', '""') + '"' if quoted else each

    def joined(line: list[str]) -> str:
        # Excel leaves the separators of empty values at the end out (its own export, from the seventeenth row on).
        kept = line[:-1] if trimmed and len(line) > 1 and not line[-1] else line
        return separator.join(map(value, kept)) + (separator if extra and line else "")

    written = "".join(f"{joined(line)}{end}" for line in lines)
    encoding = random.choice(["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    with suppress(UnicodeEncodeError):
        return written.encode(encoding)
    return written.encode("utf-8")  # cp1252 has no sign for a fault's spaces and marks


def _csv(ledger: Ledger, folder: Path) -> Path:
    path = folder / ledger.random.choice(["ledger.csv", "LEDGER.CSV", "ledger.txt", "ledger.tsv"])
    path.write_bytes(text(table(ledger), ledger))
    return path


def _gz(ledger: Ledger, folder: Path) -> Path:
    path = folder / "ledger.csv.gz"
    path.write_bytes(gzip.compress(text(table(ledger), ledger)))
    return path


def _months(ledger: Ledger, folder: Path) -> Path:
    """A file a month, whose columns stand in another order in each, beside what a desktop leaves in folders."""
    for turn, (month, rows) in enumerate(by_month(ledger).items()):
        (folder / f"2025-{month:02d}.csv").write_bytes(text(table(ledger, rows, turn=turn), ledger))
    (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (folder / "~$2025-03.xlsx").write_bytes(b"\5Somebody")
    return folder


def _zip(ledger: Ledger, folder: Path) -> Path:
    with zipfile.ZipFile(folder / "ledger.zip", "w") as archive:
        for month, rows in by_month(ledger).items():
            archive.writestr(f"year/2025-{month:02d}.csv", text(table(ledger, rows), ledger))
            archive.writestr(f"__MACOSX/year/._2025-{month:02d}.csv", b"\0\5\26\7")
    return folder / "ledger.zip"


def by_month(ledger: Ledger) -> dict[int, list[Row]]:
    """The rows by month, in order."""
    months: dict[int, list[Row]] = {}
    for row, true in zip(ledger.rows, [*ledger.truth, *ledger.truth], strict=False):
        months.setdefault(true.day.month, []).append(row)
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
    frame = pd.DataFrame(ledger.rows)[[*ledger.names, *(["notes"] if ledger.notes else [])]]
    if len(ledger.rows) == len(ledger.truth):
        frame["amount"] = [turned * true.amount for true in ledger.truth]
        frame["transaction_date"] = pd.to_datetime([true.day for true in ledger.truth])
    return frame.rename(columns={**ledger.names, "notes": ledger.notes})


def _pandas_xlsx(ledger: Ledger, folder: Path) -> Path:
    typed(ledger).to_excel(folder / "ledger.xlsx", index=bool(len(ledger.rows) % 2))
    return folder / "ledger.xlsx"


def _parquet(ledger: Ledger, folder: Path) -> Path:
    typed(ledger).to_parquet(folder / "ledger.parquet")
    return folder / "ledger.parquet"


def _pandas_csv(ledger: Ledger, folder: Path) -> Path:
    target = io.StringIO()
    separator = ";" if ledger.decimal == "," else ","
    typed(ledger).to_csv(target, index=bool(len(ledger.rows) % 2), decimal=ledger.decimal, sep=separator)
    (folder / "ledger.csv").write_text(target.getvalue(), encoding="utf-8")
    return folder / "ledger.csv"


def _libreoffice(kind: str, ledger: Ledger, folder: Path) -> Path:
    """What LibreOffice makes of the workbook that pandas wrote: days are its cells, shown in its own way."""
    book = _pandas_xlsx(ledger, folder)
    if (program := office()) is None:
        return book
    with tempfile.TemporaryDirectory() as profile:
        ran = [f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to", kind, "--outdir", str(folder)]
        subprocess.run([program, *ran, str(book)], check=True, capture_output=True, timeout=180)
    book.unlink()
    return folder / f"ledger.{kind.partition(':')[0]}"


_WRITERS: dict[str, Callable[[Ledger, Path], Path]] = {
    "csv": _csv,
    "gz": _gz,
    "openpyxl": _openpyxl,
    "pandas-xlsx": _pandas_xlsx,
    "pandas-csv": _pandas_csv,
    "parquet": _parquet,
    "zip": _zip,
    "months": _months,
    "libreoffice-ods": functools.partial(_libreoffice, "ods"),
    # Comma, quotation mark, UTF-8, from the first line, cells as shown: days as the document's language writes them.
    "libreoffice-csv": functools.partial(_libreoffice, "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true"),
}
