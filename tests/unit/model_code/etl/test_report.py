"""The data report says what a ledger holds, names nobody, and is a page that fetches nothing."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from model_code.container.etl import main
from model_code.errors import InputError
from model_code.etl.generate import to_csv
from model_code.etl.generator import generate
from model_code.etl.page import page, tag

ROWS = 3000
HEAD = "transaction_id,transaction_date,posting_date,amount,currency,merchant,mcc,office,card"
pytestmark = pytest.mark.filterwarnings(r"ignore:fetch_\w+\(\) is deprecated:DeprecationWarning")
NEVER_CLOSED = {"meta"}


class Seen(HTMLParser):
    """The elements of a page, its texts, and whether each element is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs
        if tag not in NEVER_CLOSED:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def files_in(root: Path, contents: dict[str, bytes], mapping: str = "") -> Path:
    given = root / "processing/input"
    (given / "ledger").mkdir(parents=True)
    for name, content in contents.items():
        (given / "ledger" / name).write_bytes(content)
    if mapping:
        (given / "mapping").mkdir()
        (given / "mapping/columns.toml").write_text(mapping)
    return root / "processing/output/quarantine"


def spoilt() -> tuple[dict[str, bytes], dict[str, int]]:
    """Two files: a month is missing, some rows can't be used, one is a total; how many rows each has."""
    ledger = generate(ROWS, seed=3).drop(columns=["label", "kind"])
    day = ledger["transaction_date"]
    ledger = ledger[~((day.dt.year == 2025) & (day.dt.month == 9))]
    half = len(ledger) // 2
    lines = [to_csv(part).decode().splitlines() for part in (ledger.head(half), ledger.tail(len(ledger) - half))]
    head = lines[0][0]
    where = head.split(",").index("amount")
    broken = [line.split(",") for line in lines[0][1:6]]
    for number, values in enumerate(broken):
        values[0], values[where] = f"broken-{number}", "Jane Miller"
    lines[0] += [",".join(values) for values in broken]
    lines[1].append("Subtotal" + "," * head.count(","))
    contents = {f"{name}.csv": "\n".join(part).encode() for name, part in zip("ab", lines, strict=True)}
    return contents, {f"{name}.csv": len(part) - 1 for name, part in zip("ab", lines, strict=True)}


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, dict[str, int]]:
    """The reports' folder of a ledger that is refused for a missing month, and the job's sentence."""
    root = tmp_path_factory.mktemp("ml")
    contents, rows = spoilt()
    folder = files_in(root, contents)
    with pytest.raises(InputError) as error:
        main([], root)
    return folder, str(error.value), rows


def test_a_ledger_that_is_refused_has_its_report_with_the_jobs_own_sentence(
    refused: tuple[Path, str, dict[str, int]],
) -> None:
    folder, sentence, _ = refused
    report = json.loads((folder / "data-report.json").read_bytes())
    assert report["refused"] == sentence
    assert [(each["kind"], each["acknowledged"]) for each in report["warnings"]] == [("missing_month", False)]
    assert sentence in "".join(Seen((folder / "data-report.html").read_text(encoding="utf-8")).texts)


def test_the_report_counts_rows_by_month_and_file_and_what_was_set_aside(
    refused: tuple[Path, str, dict[str, int]],
) -> None:
    folder, _, rows = refused
    report = json.loads((folder / "data-report.json").read_bytes())
    assert {file["name"]: file["read"] for file in report["files"]} == rows
    accepted = {file["name"]: file["accepted"] for file in report["files"]}
    for number, name in enumerate(accepted):
        assert sum(part["rows"] for part in report["months"] if part["file"] == number) == accepted[name]
    assert "2025-09" not in {part["month"] for part in report["months"]}
    assert report["rows"]["read"] == sum(rows.values())
    aside = {each["reason"]: (each["rows"], each["purchases"]) for each in report["set_aside"]}
    assert aside == {"amount is no number": (5, True), "total or remark": (1, False)}
    used = report["rows"]["used"]
    assert used == report["rows"]["purchases"] == report["rows"]["read"] - 6
    assert sum(report["days"]["weekdays"]) == used
    assert sum(each["rows"] for each in report["amounts"]["sizes"]) + report["rows"]["zeros"] == used
    assert max(gap["days"] for gap in report["days"]["gaps"]) >= 30


def test_neither_report_names_anybody(refused: tuple[Path, str, dict[str, int]]) -> None:
    folder, _, _ = refused
    told = "".join((folder / f"data-report.{kind}").read_text(encoding="utf-8") for kind in ("json", "html"))
    ledger = generate(ROWS, seed=3)
    for name in ("merchant", "office", "card", "transaction_id", "agency"):
        known = [value for value in ledger[name].unique() if len(value) > 3]
        assert [value for value in known if value in told] == []
    assert "Miller" not in told
    assert "xxxx xxxxxx" in told


def test_the_page_fetches_and_runs_nothing(refused: tuple[Path, str, dict[str, int]]) -> None:
    text = (refused[0] / "data-report.html").read_text(encoding="utf-8")
    seen = Seen(text)
    assert not {"script", "link", "img", "iframe", "object", "form", "a"} & set(seen.names)
    assert not {name for name, _ in seen.attributes} - {
        "charset", "class", "content", "http-equiv", "lang", "name", "style", "title"}  # fmt: skip
    assert not re.search(r"url\(|@import|https?:", text)
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in seen.attributes


@pytest.mark.long
def test_what_stands_in_a_file_never_becomes_part_of_the_page(tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(1)>&amp;.csv"
    folder = files_in(tmp_path, {name: to_csv(generate(ROWS, seed=3).drop(columns=["label", "kind"]))})
    main([], tmp_path)
    seen = Seen((folder / "data-report.html").read_text(encoding="utf-8"))
    assert "img" not in seen.names
    assert any(name in text for text in seen.texts)
    assert tag("p", "<b>", title='"') == '<p title="&quot;">&lt;b&gt;</p>'


def test_a_ledger_without_a_row_has_a_page_too(tmp_path: Path) -> None:
    folder = files_in(tmp_path, {"a.csv": f"{HEAD}\n".encode()})
    with pytest.raises(InputError, match="no row that can be used"):
        main([], tmp_path)
    report = json.loads((folder / "data-report.json").read_bytes())
    assert report["rows"]["read"] == 0
    assert Seen(page(report)).names.count("h1") == 1


def test_repeats_zeros_and_codes_are_counted_over_the_rows_that_are_used(tmp_path: Path) -> None:
    rows = [
        "A,2025-03-03,2025-03-04,0.00,USD,SHOP,1111,Roads,C1",
        "B,2025-03-03,2025-03-04,12.50,USD,SHOP,5812,Roads,C1",
        "C,2025-03-03,2025-03-04,12.50,USD,SHOP,5812,Roads,C1",
        "D,2025-03-04,2025-03-05,99.00,USD,SHOP,2222,Roads,C1",
        "D,2025-03-04,2025-03-05,99.00,USD,SHOP,2222,Roads,C1",
    ]
    folder = files_in(tmp_path, {"a.csv": "\n".join([HEAD, *rows]).encode()})
    with pytest.raises(InputError):
        main([], tmp_path)
    report = json.loads((folder / "data-report.json").read_bytes())
    assert (report["rows"]["read"], report["rows"]["used"], report["rows"]["zeros"]) == (5, 4, 1)
    assert report["duplicates"] == {"repeated_ids": 1, "ids_of_several_amounts": 0, "alike": 1, "groups_alike": 1}
    assert [(each["code"], each["rows"]) for each in report["codes"]] == [("5812", 2), ("1111", 1), ("2222", 1)]
    assert [(each["power"], each["rows"]) for each in report["amounts"]["sizes"]] == [(1, 3)]


@pytest.mark.long
def test_equal_files_have_equal_reports(tmp_path: Path) -> None:
    contents, _ = spoilt()
    written = []
    for run in ("one", "two"):
        folder = files_in(tmp_path / run, contents)
        with pytest.raises(InputError):
            main([], tmp_path / run)
        written.append([(folder / f"data-report.{kind}").read_bytes() for kind in ("json", "html")])
    assert written[0] == written[1]
