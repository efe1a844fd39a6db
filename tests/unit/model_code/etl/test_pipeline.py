import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from model_code.container.etl import main
from model_code.errors import InputError
from model_code.etl.generate import to_csv
from model_code.etl.generator import generate
from model_code.features.table import COLUMNS
from model_code.version import code_sha256, features_sha256
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = [IBIS_IS_BEHIND_DUCKDB, pytest.mark.long]
ROWS = 3000
MAPPING = """
currency = "USD"
[columns]
transaction_id = "number"
office = "office"
merchant = "merchant"
mcc = "mcc"
amount = "amount"
transaction_date = "transaction_date"
"""


def root_with(root: Path, content: bytes, *, name: str = "ledger.csv", mapping: str = "") -> Path:
    (root / "processing/input/ledger").mkdir(parents=True)
    (root / "processing/input/ledger" / name).write_bytes(content)
    if mapping:
        (root / "processing/input/mapping").mkdir()
        (root / "processing/input/mapping/columns.toml").write_text(mapping, encoding="ascii")
    return root / "processing/output"


def read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="ascii"))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def ledger() -> pd.DataFrame:
    return generate(ROWS, seed=2)


@pytest.fixture(scope="module")
def content(ledger: pd.DataFrame) -> bytes:
    """A ledger with two bad rows in lines 11 and 12, of the kinds that real files have."""
    lines = to_csv(ledger).splitlines(keepends=True)
    lines[10:10] = [b"Subtotal,,,,,,\n", lines[5]]
    return b"".join(lines)


@pytest.fixture(scope="module")
def output(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("ml")
    folder = root_with(root, content)
    main([], root)
    return folder


def test_exactly_the_files_of_the_contract_are_written(output: Path) -> None:
    files = sorted(path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file())
    assert files == [
        "features/manifest.json",
        "features/test.parquet",
        "features/train.parquet",
        "features/validation.parquet",
        "live/live.csv",
        "live/live.parquet",
        "quarantine/data-report.html",
        "quarantine/data-report.json",
        "quarantine/quarantine.csv",
        "quarantine/report.json",
    ]


def test_the_manifest_describes_every_object_by_its_hash(output: Path, content: bytes) -> None:
    manifest = read_json(output / "features/manifest.json")
    assert (manifest["version"], manifest["view"], manifest["columns"]) == (1, "realtime", list(COLUMNS))
    assert manifest["ledger_sha256"] == hashlib.sha256(content).hexdigest()
    assert manifest["code_sha256"] == code_sha256()
    assert manifest["features_sha256"] == features_sha256()
    assert sorted(manifest["objects"]) == ["test.parquet", "train.parquet", "validation.parquet"]
    for name, described in manifest["objects"].items():
        path = output / "features" / name
        labels = pq.read_table(path)["label"].to_pylist()
        expected = {"sha256": sha256(path), "bytes": path.stat().st_size, "rows": len(labels), "anomalies": sum(labels)}
        assert described == expected
    live = output / "live/live.parquet"
    assert manifest["live"] == {"sha256": sha256(live), "rows": pq.read_metadata(live).num_rows}


def test_the_body_for_scoring_holds_the_live_rows_features_in_the_models_order(output: Path) -> None:
    live = pd.read_parquet(output / "live/live.parquet")
    assert list(live.columns) == ["transaction_id", "label", "kind", *COLUMNS]
    body = pd.read_csv(output / "live/live.csv", header=None, names=list(COLUMNS), dtype=float)
    pd.testing.assert_frame_equal(body, live[list(COLUMNS)])


def test_every_row_is_accounted_for(output: Path) -> None:
    report = read_json(output / "quarantine/report.json")
    assert (report["read"], report["accepted"], report["quarantined"]) == (ROWS + 2, ROWS, 2)
    assert report["reasons"] == {"total or remark": 1, "duplicate transaction_id": 1}
    assert list(report["fiscal_years"]) == ["FY2025", "FY2026"]
    assert sum(year["rows"] for year in report["fiscal_years"].values()) == ROWS
    with (output / "quarantine/quarantine.csv").open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    assert [(row["line"], row["reason"]) for row in rows] == [
        ("11", "total or remark"),
        ("12", "duplicate transaction_id"),
    ]
    assert rows[0]["row"] == "Subtotal,,,,,,"


def test_periods_hold_the_rows_of_their_days_and_no_others(output: Path, ledger: pd.DataFrame) -> None:
    periods = read_json(output / "features/manifest.json")["periods"]
    for name, period in periods.items():
        folder = "live" if name == "live" else "features"
        written = pd.read_parquet(output / folder / f"{name}.parquet")
        expected = ledger[ledger["transaction_date"].between(period["from"], period["to"])]
        assert sorted(written["transaction_id"]) == sorted(expected["transaction_id"])


def test_equal_input_gives_equal_bytes(output: Path, content: bytes, tmp_path: Path) -> None:
    again = root_with(tmp_path, content)
    main([], tmp_path)
    for path in (path for path in output.rglob("*") if path.is_file()):
        assert path.read_bytes() == (again / path.relative_to(output)).read_bytes(), path.name


def test_a_foreign_ledger_gets_injected_labels_and_says_so(
    ledger: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = ledger[ledger["label"] == 0].rename(columns={"transaction_id": "number"})
    foreign = foreign.drop(columns=["label", "kind", "card", "agency", "posting_date", "description", "currency"])
    output = root_with(tmp_path, foreign.to_csv(index=False).encode(), mapping=MAPPING)
    main(["--inject", "9"], tmp_path)
    report = read_json(output / "quarantine/report.json")
    assert (report["labels"], report["seed"], len(report["kinds"])) == ("injected", 9, 7)
    steps = capsys.readouterr().out.splitlines()
    assert [step.split()[0] for step in steps] == [
        "read",
        "labels",
        "computed",
        "train:",
        "validation:",
        "test:",
        "live:",
    ]


def test_labels_that_are_given_are_kept_and_a_label_without_a_kind_is_unknown(content: bytes, tmp_path: Path) -> None:
    output = root_with(tmp_path, content.replace(b",1,split\n", b",1,\n"))
    main([], tmp_path)
    report = read_json(output / "quarantine/report.json")
    assert (report["labels"], report["seed"], report["accepted"]) == ("given", None, ROWS)
    assert report["kinds"]["unknown"] == 7


def test_nothing_is_invented_beside_labels_that_are_given(content: bytes, tmp_path: Path) -> None:
    root_with(tmp_path, content)
    with pytest.raises(InputError, match=r"ledger\.csv has labels of its own .* --inject 9 would put invented rows"):
        main(["--inject", "9"], tmp_path)


def test_a_ledger_without_labels_stays_without_and_nothing_is_invented(ledger: pd.DataFrame, tmp_path: Path) -> None:
    output = root_with(tmp_path, to_csv(ledger.drop(columns=["label", "kind"])))
    main([], tmp_path)
    report, manifest = (read_json(output / name) for name in ("quarantine/report.json", "features/manifest.json"))
    assert (report["labels"], manifest["labels"], report["kinds"]) == ("none", "none", {})
    parts = [pd.read_parquet(path) for path in sorted(output.rglob("*.parquet"))]
    assert set(pd.concat(parts)["transaction_id"]) <= set(ledger["transaction_id"])
    assert {int(label) for part in parts for label in part["label"]} == {0}


def test_the_manifest_says_what_the_mapping_decided_and_what_features_mean(output: Path) -> None:
    manifest = read_json(output / "features/manifest.json")
    assert manifest["decisions"]["currency"] == "USD"
    assert manifest["decisions"]["thresholds"] == [["1900-01-01", 10000.0], ["2025-10-01", 15000.0]]
    assert sorted(manifest["meanings"]) == sorted(COLUMNS)
    assert manifest["meanings"]["pair_number_5d"] == {
        "meaning": "purchases by the card at this vendor in the 5 days before",
        "unit": "purchases",
        "stored": "ln(1 + x)",
    }


@pytest.mark.parametrize(
    ("change", "mapping", "sentence"),
    [
        (
            {"merchant": None},
            "",
            r"ledger\.csv lacks the columns merchant; the line that looks most like a header has transaction_id",
        ),
        ({"label": 0}, "", r"train period .* needs anomalies and ordinary rows; it has 0 anomalies"),
        (
            {"amount": "?"},
            "",
            r"3000 of 3000 rows can't be used, .*amount is no number \(3000: ledger\.csv, line 2 `\?`",
        ),
        ({}, MAPPING, "lacks the columns number"),
        ({}, "[columns]", "doesn't say in which currency"),
        ({}, 'currency = "USD"\n[columns]', "doesn't say where amount, merchant, transaction_date, transaction_id"),
    ],
)
def test_a_ledger_that_cannot_be_used_is_refused_in_a_sentence(
    ledger: pd.DataFrame, tmp_path: Path, change: dict[str, Any], mapping: str, sentence: str
) -> None:
    changed = ledger.assign(**change).dropna(axis="columns", how="all")
    root_with(tmp_path, changed.to_csv(index=False).encode(), mapping=mapping)
    with pytest.raises(InputError, match=sentence):
        main([], tmp_path)


def test_absurd_amounts_are_set_aside_by_the_same_reason_in_csv_and_parquet(
    ledger: pd.DataFrame, tmp_path: Path
) -> None:
    amounts = ledger["amount"].mask(ledger.index < 2, 1e12).mask(ledger.index == 2, float("inf"))
    absurd = ledger.assign(amount=amounts)
    absurd.to_parquet(tmp_path / "ledger.parquet")
    contents = {"csv": absurd.to_csv(index=False).encode(), "parquet": (tmp_path / "ledger.parquet").read_bytes()}
    for ending, content in contents.items():
        output = root_with(tmp_path / ending, content, name=f"ledger.{ending}")
        main([], tmp_path / ending)
        reasons = read_json(output / "quarantine/report.json")["reasons"]
        assert reasons == {"amount is beyond 1,000,000,000": 2, "amount is no number": 1}


def test_a_column_that_is_there_twice_is_refused(content: bytes, tmp_path: Path) -> None:
    root_with(tmp_path, content.replace(b"agency", b"amount", 1))
    with pytest.raises(InputError, match="more than one column named amount"):
        main([], tmp_path)


@pytest.mark.parametrize(
    "arguments",
    [["--inject"], ["--inject", "x"], ["--inject", "-1"], ["--help"], ["1"], ["--engine", "pandas"], ["--view", "all"]],
)
def test_other_arguments_are_refused(arguments: list[str], tmp_path: Path) -> None:
    root_with(tmp_path, b"x")
    with pytest.raises(InputError, match="takes no arguments, or --inject with a whole number"):
        main(arguments, tmp_path)


def as_host(root: Path, own: str, hosts: list[str]) -> None:
    (root / "config").mkdir()
    (root / "config/resourceconfig.json").write_text(json.dumps({"current_host": own, "hosts": hosts}))


@pytest.mark.parametrize("own", ["algo-1", "algo-2"])
def test_two_hosts_are_refused_by_each(own: str, content: bytes, tmp_path: Path) -> None:
    output = root_with(tmp_path, content)
    as_host(tmp_path, own, ["algo-1", "algo-2"])
    with pytest.raises(InputError, match=r"2 instances, and etl computes on one: .* Ask for one instance"):
        main([], tmp_path)
    assert not output.exists()


@pytest.mark.parametrize(("variable", "missing"), [("PATH", "'java'"), ("JAVA_HOME", "/nowhere/bin/java'")])
def test_without_java_spark_is_refused_before_the_ledger_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, missing: str
) -> None:
    output = root_with(tmp_path, b"no ledger at all")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv(variable, "/nowhere")
    with pytest.raises(InputError, match=f"needs Java 17 or 21, and there is no program .*{missing} here: install one"):
        main(["--engine", "spark"], tmp_path)
    assert not output.exists()
