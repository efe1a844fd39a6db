"""The data report: what a ledger holds, what was set aside and why, what looks odd; as JSON and as a page.

It is counts, days and amounts. Names, ids and cards stand nowhere in it; examples are masked (`texts.masked`).
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from model_code.etl.doubts import KINDS
from model_code.etl.mapping import ColumnMapping
from model_code.etl.page import page
from model_code.etl.parts import Ledger
from model_code.etl.shapes import NO_PURCHASES
from model_code.etl.soundness import Judgement
from model_code.etl.staging import described, place_of
from model_code.etl.validation import EXAMPLES
from model_code.etl.writing import write_json

NAME = "data-report"
CODES = 12
GAP_DAYS = 5
"""So many days without any row are a gap worth a line; weekends with a holiday have four."""
LONGEST = 8
FIELDS = ("office", "card", "merchant", "mcc", "agency", "description", "posting_date", "merchant_currency")
_TOTALS = (
    "SELECT count(*), sum(amount), count(*) FILTER (amount < 0), count(*) FILTER (amount = 0), median(amount), "
    "max(amount) FROM once"
)
_SIZES = (
    "SELECT CASE WHEN amount <= 0 THEN NULL ELSE greatest(-1, floor(log10(amount)))::INT END AS power, count(*), "
    "sum(amount) FROM once WHERE amount <> 0 GROUP BY 1 ORDER BY 1 NULLS FIRST"
)
_WEEKDAYS = "SELECT isodow(transaction_date), count(*) FROM once GROUP BY 1"
_CODES = "SELECT mcc, count(*), sum(amount) FROM once WHERE mcc <> '' GROUP BY 1 ORDER BY 2 DESC, 1"
_ALIKE = (
    "SELECT coalesce(sum(rows - 1), 0), count(*) FROM (SELECT count(*) AS rows FROM once "
    "GROUP BY transaction_date, merchant, amount, office, card HAVING count(*) > 1)"
)


def write_report(folder: Path, ledger: Ledger, mapping: ColumnMapping, judgement: Judgement) -> None:
    """Write data-report.json and data-report.html into a folder; a ledger that is refused gets them too."""
    report = data_report(ledger, mapping, judgement)
    write_json(folder / f"{NAME}.json", report)
    (folder / f"{NAME}.html").write_text(page(report), encoding="utf-8")


def data_report(ledger: Ledger, mapping: ColumnMapping, judgement: Judgement) -> dict[str, Any]:
    """What there is to tell of a staged ledger, in plain values."""
    return {
        "version": 1,
        "name": ledger.name,
        "currency": mapping.currency,
        "refused": str(judgement.refusal) if judgement.refusal else None,
        **_totals(ledger),
        "days": _days(ledger),
        "files": [described(file) for file in ledger.files],
        "months": [
            {"file": part.file, "month": f"{part.month:%Y-%m}", "rows": part.rows, "spent": _number(part.spent)}
            for part in ledger.parts
        ],
        "set_aside": _set_aside(ledger),
        "fields": _fields(ledger, mapping),
        "codes": _with_spend("code", ledger.ask(_CODES)[:CODES]),
        "duplicates": _duplicates(ledger),
        "warnings": [
            {
                "kind": doubt.kind,
                "meaning": KINDS[doubt.kind],
                "sentence": doubt.sentence,
                "acknowledged": doubt not in judgement.open,
            }
            for doubt in judgement.found
        ],
    }


def _totals(ledger: Ledger) -> dict[str, Any]:
    used, spent, refunds, zeros, median, largest = ledger.ask(_TOTALS)[0]
    return {
        "rows": {
            "read": sum(file.read for file in ledger.files),
            "accepted": ledger.rows,
            "used": used,
            "purchases": used - ledger.staged.lines_added,
            "refunds": refunds,
            "zeros": zeros,
        },
        "amounts": {
            "spent": _number(spent),
            "median": _number(median),
            "largest": _number(largest),
            "sizes": _with_spend("power", ledger.ask(_SIZES)),
        },
    }


def _with_spend(name: str, found: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [{name: value, "rows": rows, "spent": _number(spent)} for value, rows, spent in found]


def _days(ledger: Ledger) -> dict[str, Any]:
    days, weekdays = list(ledger.days), dict(ledger.ask(_WEEKDAYS))
    return {
        "first": str(days[0]) if days else None,
        "last": str(days[-1]) if days else None,
        "weekdays": [weekdays.get(day, 0) for day in range(1, 8)],
        "gaps": _gaps(ledger),
    }


def _number(value: float | None) -> float:
    return round(float(value or 0), 2)


def _gaps(ledger: Ledger) -> list[dict[str, Any]]:
    """The longest runs of days without a row, the longest first."""
    days = list(ledger.days)
    found = [((two - one).days - 1, one, two) for one, two in pairwise(days) if (two - one).days > GAP_DAYS]
    longest = sorted(found, key=lambda gap: (-gap[0], gap[1]))[:LONGEST]
    return [{"days": length, "after": str(one), "before": str(two)} for length, one, two in longest]


def _set_aside(ledger: Ledger) -> list[dict[str, Any]]:
    """Reasons, the most frequent first; rows that are no purchases (blank lines, totals) are marked."""
    aside = ledger.staged.quarantined
    found = ledger.engine.rows(aside.group_by("reason").agg(first=aside["line"].min())).to_pylist()
    first = {each["reason"]: each["first"] for each in found}
    return [
        {
            "reason": reason,
            "rows": rows,
            "purchases": reason not in NO_PURCHASES,
            "examples": _examples(ledger, reason, first[reason]),
        }
        for reason, rows in ledger.reasons.items()
    ]


def _examples(ledger: Ledger, reason: str, first: int) -> list[dict[str, Any]]:
    """The first rows of a reason with the masked text; where a reason is about no text, the place of the first."""
    shown = [
        {"file": file.name, "line": line, "text": text}
        for file in ledger.files
        for line, text in file.examples.get(reason, [])
    ]
    file, line = place_of(first, ledger.files)
    return shown[:EXAMPLES] or [{"file": file, "line": line, "text": None}]


def _fields(ledger: Ledger, mapping: ColumnMapping) -> list[dict[str, Any]]:
    """In how many purchases a field or an own column says something, and how many different things."""
    fields = {name: name for name in FIELDS} | {own.column: own.name for own in mapping.own.columns}
    asked = ", ".join(
        f"count(nullif({name}::VARCHAR, '')), count(DISTINCT nullif({name}::VARCHAR, ''))" for name in fields
    )
    [counts] = ledger.ask(f"SELECT {asked} FROM once")  # noqa: S608 (names of ours)
    return [
        {"field": name, "rows": counts[2 * at], "different": counts[2 * at + 1]}
        for at, name in enumerate(fields.values())
    ]


def _duplicates(ledger: Ledger) -> dict[str, int]:
    ids = ledger.ids()
    [[rows, groups]] = ledger.ask(_ALIKE)
    return {
        "repeated_ids": ids.rows - ids.different,
        "ids_of_several_amounts": ids.several_amounts,
        "alike": int(rows),
        "groups_alike": groups,
    }
