"""The data report as one page of HTML: no script, nothing fetched from anywhere, bars by style alone.

Every text is escaped where it is put in (`tag`), and the page's own policy lets nothing but its style in.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

from model_code.etl.page_style import STYLE

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
MOST_FILES = 12
"""With more files than these, a table of months by file would be too wide: they are listed below each other alone."""
FEW_MONTHS = 12
"""So many are lines with their names; columns without would say little."""
_COUNTED = {"office": "offices", "card": "cards"}
_OF_FIELDS = {"mcc": "category code", "merchant": "vendor", "merchant_currency": "currency charged in"}

FOOTER = (
    "Counts, days and amounts of the file alone. No name, id or card stands here; letters of examples are masked as x, "
    "long numbers as #. quarantine.csv beside this page has the rows that were set aside."
)


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, *inside: object, **attributes: object) -> Markup:
    """An element: what is inside is escaped unless it is an element itself; `class_` stands for `class`."""
    given = "".join(f' {key.rstrip("_")}="{escape(str(value))}"' for key, value in attributes.items())
    held = "".join(each if isinstance(each, Markup) else escape(str(each)) for each in inside)
    return Markup(f"<{name}{given}>{held}</{name}>")


def page(report: Mapping[str, Any]) -> str:
    """The whole page of what `data_report` gives."""
    title = f"Data report: {report['name']}"
    parts = [
        tag("h1", title),
        _verdict(report),
        _tiles(report),
        _warnings(report["warnings"]),
        _months(report),
        _files(report),
        _set_aside(report),
        _amounts(report),
        _weekdays(report["days"]["weekdays"]),
        _gaps(report["days"]["gaps"]),
        _codes(report),
        _fields(report),
        _duplicates(report["duplicates"]),
        tag("footer", FOOTER),
    ]  # fmt: skip
    head = tag(
        "head",
        Markup('<meta charset="utf-8">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        tag("title", title),
        tag("style", Markup(STYLE)),
    )
    return f"<!doctype html>\n{tag('html', head, tag('body', tag('main', *parts)), lang='en')}\n"


def _verdict(report: Mapping[str, Any]) -> Markup:
    if report["refused"]:
        return tag("p", tag("strong", "Not used. "), report["refused"], class_="verdict bad")
    told = len(report["warnings"])
    if told:
        words = f"{told} warning{'s' if told > 1 else ''}, looked at by people and acknowledged in the mapping."
        return tag("p", tag("strong", "Can be used. "), words, class_="verdict fair")
    return tag("p", tag("strong", "Can be used. "), "No warning.", class_="verdict good")


def _tiles(report: Mapping[str, Any]) -> Markup:
    rows, days, amounts = report["rows"], report["days"], report["amounts"]
    aside = rows["read"] - rows["used"]
    different = {each["field"]: each["different"] for each in report["fields"]}
    tiles = {
        "rows read": f"{rows['read']:,}",
        "purchases": f"{rows['purchases']:,}",
        "set aside": f"{aside:,} ({_percent(aside, rows['read'])})",
        "first day": days["first"] or "-",
        "last day": days["last"] or "-",
        f"spent, {report['currency']}": f"{amounts['spent']:,.0f}",
        "median amount": f"{amounts['median']:,.2f}",
        "refunds": f"{rows['refunds']:,}",
        "vendors": f"{different['merchant']:,}",
        **{name: f"{different[field]:,}" for field, name in _COUNTED.items() if different.get(field)},
    }
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in tiles.items()), class_="tiles")


def _warnings(warnings: Sequence[Mapping[str, Any]]) -> Markup:
    if not warnings:
        return Markup("")
    items = [
        tag(
            "li",
            tag("strong", each["kind"].replace("_", " ")),
            tag("span", "acknowledged" if each["acknowledged"] else "open", class_="mark"),
            tag("p", each["sentence"]),
            class_="fair" if each["acknowledged"] else "bad",
        )
        for each in warnings
    ]
    return _section("Warnings", tag("ul", *items, class_="warnings"))


def _months(report: Mapping[str, Any]) -> Markup:
    counted = {
        month: sum(part["rows"] for part in parts)
        for month, parts in groupby(sorted(report["months"], key=lambda part: part["month"]), key=lambda p: p["month"])
    }
    if not counted:
        return Markup("")
    every = _every_month(min(counted), max(counted))
    most = max(counted.values())
    empty = [month for month in every if month not in counted]
    note = (
        f"No row at all in {', '.join(empty[:12])}{' and others' if len(empty) > 12 else ''}."  # noqa: PLR2004 (shown)
        if empty
        else "Every month has rows."
    )
    if len(every) <= FEW_MONTHS:
        rows = [[month, f"{counted.get(month, 0):,}", _bar(counted.get(month, 0), most)] for month in every]
        return _section("Rows by month", _table(["month", "rows", ""], rows, numbers={1}), tag("p", note))
    return _section("Rows by month", *_columns(counted, every, most), tag("p", note))


def _columns(counted: Mapping[str, int], every: Sequence[str], most: int) -> tuple[Markup, Markup, Markup]:
    """One column a month, with the years below."""
    columns = [
        tag("div", tag("i", style=f"height:{100 * counted.get(month, 0) / most:.1f}%"),
            class_="none" if month not in counted else "some", title=f"{month}: {counted.get(month, 0):,} rows")
        for month in every
    ]  # fmt: skip
    years = [tag("span", year, style=f"flex:{len(list(months))}") for year, months in groupby(every, lambda m: m[:4])]
    highest = tag("p", f"The highest column has {most:,} rows.")
    return tag("div", *columns, class_="columns"), tag("div", *years, class_="years"), highest


def _every_month(first: str, last: str) -> list[str]:
    (year, month), months = (int(part) for part in first.split("-")), []
    while (name := f"{year:04}-{month:02}") <= last:
        months.append(name)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)  # noqa: PLR2004 (December)
    return months


def _files(report: Mapping[str, Any]) -> Markup:
    rows = []
    for number, file in enumerate(report["files"]):
        parts = [part for part in report["months"] if part["file"] == number]
        ends = sorted({part["month"] for part in parts})
        span = " to ".join(dict.fromkeys([ends[0], ends[-1]])) if ends else "-"
        spent = sum(part["spent"] for part in parts)
        aside = file["read"] - file["accepted"]
        rows.append([file["name"], span, f"{file['read']:,}", f"{aside:,}", f"{spent:,.0f}", file["encoding"]])
    head = ["file", "months", "rows read", "not accepted", f"spent, {report['currency']}", "written in"]
    return _section("Files", _table(head, rows, numbers={2, 3, 4}), _by_file(report))


def _by_file(report: Mapping[str, Any]) -> Markup:
    """Months by file, where several files are few enough to stand beside each other."""
    files = report["files"]
    if not 1 < len(files) <= MOST_FILES:
        return Markup("")
    cells = {(part["month"], part["file"]): part["rows"] for part in report["months"]}
    months = sorted({month for month, _ in cells})
    rows = [[month, *(f"{cells.get((month, at), 0):,}" for at in range(len(files)))] for month in months]
    head = ["month", *(file["name"] for file in files)]
    numbers = set(range(1, len(files) + 1))
    return tag("details", tag("summary", "Rows by month and file"), _table(head, rows, numbers=numbers))


def _set_aside(report: Mapping[str, Any]) -> Markup:
    if not (reasons := report["set_aside"]):
        return _section("Set aside", tag("p", "Nothing: every row is used."))
    most = max(each["rows"] for each in reasons)
    rows = [
        [
            each["reason"] + ("" if each["purchases"] else " (no purchase)"),
            f"{each['rows']:,}",
            _bar(each["rows"], most),
            "; ".join(_example(one) for one in each["examples"]),
        ]
        for each in reasons
    ]
    return _section("Set aside", _table(["reason", "rows", "", "the first, masked"], rows, numbers={1}))


def _example(one: Mapping[str, Any]) -> str:
    where = f"{one['file']}, line {one['line']}"
    return where if one["text"] is None else f"{where}: {one['text'] or 'blank'}"


def _amounts(report: Mapping[str, Any]) -> Markup:
    sizes = report["amounts"]["sizes"]
    named = [(_size(each["power"]), each["rows"], each["spent"]) for each in sizes]
    return _section(f"Amounts, {report['currency']}", _shares(["amount", "rows", "", "spent"], named),
                    tag("p", f"The largest is {report['amounts']['largest']:,.2f}."))  # fmt: skip


def _size(power: int | None) -> str:
    if power is None:
        return "below 0"
    return "below 1" if power < 0 else f"{10**power:,} to {10 ** (power + 1):,}"


def _weekdays(weekdays: Sequence[int]) -> Markup:
    most = max(weekdays) or 1
    rows = [[day, f"{rows:,}", _bar(rows, most)] for day, rows in zip(WEEKDAYS, weekdays, strict=True)]
    return _section("Days of the week", _table(["day", "rows", ""], rows, numbers={1}))


def _gaps(gaps: Sequence[Mapping[str, Any]]) -> Markup:
    if not gaps:
        return _section("Gaps", tag("p", "No run of days without a row that is longer than a long weekend."))
    rows = [[gap["after"], gap["before"], f"{gap['days']:,}"] for gap in gaps]
    return _section("Gaps", _table(["after", "before", "days without a row"], rows, numbers={2}))


def _codes(report: Mapping[str, Any]) -> Markup:
    if not (codes := report["codes"]):
        return Markup("")
    named = [(each["code"], each["rows"], each["spent"]) for each in codes]
    return _section("Category codes, the most frequent", _shares(["code", "rows", "", "spent"], named))


def _fields(report: Mapping[str, Any]) -> Markup:
    total = report["rows"]["used"]
    rows = [
        [_OF_FIELDS.get(each["field"], each["field"].replace("_", " ")), _percent(each["rows"], total),
         _bar(each["rows"], total), f"{each['different']:,}"]
        for each in report["fields"]
        if each["rows"]
    ]  # fmt: skip
    empty = [_OF_FIELDS.get(each["field"], each["field"].replace("_", " ")) for each in report["fields"]
             if not each["rows"]]  # fmt: skip
    note = tag("p", f"Nothing in any row: {', '.join(empty)}.") if empty else Markup("")
    return _section("What is filled in", _table(["field", "of the rows", "", "different"], rows, numbers={1, 3}), note)


def _duplicates(counts: Mapping[str, int]) -> Markup:
    rows = [
        ["rows whose id came before", f"{counts['repeated_ids']:,}"],
        ["ids with several amounts", f"{counts['ids_of_several_amounts']:,}"],
        ["rows equal to another in day, vendor, amount, office and card", f"{counts['alike']:,}"],
    ]
    return _section("Repeats", _table(["what", "number"], rows, numbers={1}))


def _shares(head: Sequence[str], named: Sequence[tuple[str, int, float]]) -> Markup:
    most = max((rows for _, rows, _ in named), default=1)
    rows = [[name, f"{rows:,}", _bar(rows, most), f"{spent:,.0f}"] for name, rows, spent in named]
    return _table(head, rows, numbers={1, 3})


def _section(title: str, *inside: Markup) -> Markup:
    return tag("section", tag("h2", title), *inside)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: set[int]) -> Markup:
    def line(kind: str, cells: Sequence[object]) -> Markup:
        return tag("tr", *(tag(kind, c, class_="n") if at in numbers else tag(kind, c) for at, c in enumerate(cells)))

    return tag("div", tag("table", tag("thead", line("th", head)), tag("tbody", *(line("td", row) for row in rows))),
               class_="wide")  # fmt: skip


def _bar(part: float, whole: float) -> Markup:
    return tag("div", tag("i", style=f"width:{100 * part / (whole or 1):.1f}%"), class_="bar")


def _percent(part: float, whole: float) -> str:
    """A share in percent; near 0 and near 100 with a decimal, so that neither is said of what isn't."""
    share = 100 * part / (whole or 1)
    return f"{share:.1f} %" if 0 < min(share, 100 - share) < 10 else f"{share:.0f} %"  # noqa: PLR2004 (percent)
