"""Cases beside a ledger become its labels: each by its id, the latest decision, and none that isn't the ledger's."""

import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from model_code.container.etl import main
from model_code.errors import InputError
from model_code.etl.generate import to_csv
from model_code.etl.generator import generate

pytestmark = [pytest.mark.filterwarnings(r"ignore:fetch_\w+\(\) is deprecated:DeprecationWarning"), pytest.mark.long]
HEAD = "transaction_id,label,kind,decided_on"


@pytest.fixture(scope="module")
def ledger() -> pd.DataFrame:
    return generate(3000, seed=3)


def run(root: Path, ledger: pd.DataFrame, cases: str, *arguments: str, mapping: str = "") -> Path:
    given = root / "processing/input"
    for name in ("ledger", "cases", "mapping"):
        (given / name).mkdir(parents=True)
    (given / "ledger/ledger.csv").write_bytes(to_csv(ledger))
    (given / "cases/cases.csv").write_text(cases)
    if mapping:
        (given / "mapping/columns.toml").write_text(mapping)
    main(list(arguments), root)
    return root / "processing/output"


def decided(ledger: pd.DataFrame) -> list[str]:
    """A line a reviewed row: every anomaly, and each fiftieth other."""
    rows = pd.concat([ledger[ledger["label"] == 1], ledger[ledger["label"] == 0].iloc[::50]])
    return [f"{row.transaction_id},{row.label},{row.kind},2026-01-05" for row in rows.itertuples()]


def test_the_rows_that_cases_name_have_their_labels_and_kinds_and_all_others_are_ordinary(
    tmp_path: Path, ledger: pd.DataFrame
) -> None:
    lines = [*decided(ledger), "not-decided,,,", "of-another-month,1,split,"]
    output = run(tmp_path, ledger.drop(columns=["label", "kind"]), "\n".join([HEAD, *lines]))
    manifest = json.loads((output / "features/manifest.json").read_bytes())
    report = json.loads((output / "quarantine/report.json").read_bytes())
    assert manifest["labels"] == report["labels"] == "given"
    anomalies = int(ledger["label"].sum())
    assert report["cases"] == {
        "read": len(lines) - 1,
        "decided": len(lines) - 1,
        "anomalies": anomalies,
        "without_a_row": 1,
    }
    tables = [pq.read_table(path).to_pandas() for path in sorted(output.rglob("features/*.parquet"))]
    tables.append(pq.read_table(output / "live/live.parquet").to_pandas())
    found = pd.concat(tables).set_index("transaction_id")
    truth = ledger.set_index("transaction_id").loc[found.index]
    assert (found["label"] == truth["label"]).all()
    assert (found["kind"].fillna("") == truth["kind"]).all()
    assert report["kinds"] == ledger.loc[ledger["label"] == 1, "kind"].value_counts().to_dict()


@pytest.mark.parametrize(
    ("lines", "label"),
    [
        (["{0},1,split,2026-01-05", "{0},0,,2026-02-05"], 0),
        (["{0},0,,2026-02-05", "{0},1,split,2026-03-05"], 1),
        (["{0},0,,", "{0},1,split,2026-03-05"], 1),
        (["{0},1,split,2026-03-05", "{0},0,,"], 1),
        (["{0},Confirmed,split,", "{0},1,split,"], 1),
    ],
)
def test_of_several_decisions_the_latest_counts(
    tmp_path: Path, ledger: pd.DataFrame, lines: list[str], label: int
) -> None:
    one = ledger[ledger["label"] == 0].iloc[0]["transaction_id"]
    cases = [HEAD, *decided(ledger[ledger["transaction_id"] != one]), *(line.format(one) for line in lines)]
    words = 'currency = "USD"\nlabel_words = { "Confirmed" = 1 }\n'
    output = run(tmp_path, ledger.drop(columns=["label", "kind"]), "\n".join(cases), mapping=words)
    report = json.loads((output / "quarantine/report.json").read_bytes())
    assert report["cases"]["anomalies"] == int(ledger["label"].sum()) + label


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["{0},1,,", "{0},0,,"], r"cases\.csv, lines 2 and 3: one id, one day, and two decisions"),
        (["{0},maybe,,"], r"cases\.csv, line 2: the label is neither yes nor no"),
        ([",1,,"], r"cases\.csv, line 2: a case without a transaction_id"),
        (["{0},1,,soon"], r"cases\.csv, line 2: decided_on is no day"),
        (["{0},1,,2999-01-01"], r"cases\.csv, line 2: decided_on is 2999-01-01, a day that hasn't come"),
        (["x1,1,,", "{0},1,,"], r"no row for 1 of 2 cases, the first in line 2; at most 5% may lack one"),
        (["{0},,,"], r"holds no decided case"),
    ],
)
def test_what_can_not_be_this_ledgers_cases_ends_the_job(
    tmp_path: Path, ledger: pd.DataFrame, lines: list[str], sentence: str
) -> None:
    one = ledger.iloc[0]["transaction_id"]
    cases = "\n".join([HEAD, *(line.format(one) for line in lines)])
    with pytest.raises(InputError, match=sentence):
        run(tmp_path, ledger.drop(columns=["label", "kind"]), cases)


def test_cases_beside_labels_and_injection_beside_cases_are_refused(tmp_path: Path, ledger: pd.DataFrame) -> None:
    cases = "\n".join([HEAD, *decided(ledger)])
    with pytest.raises(InputError, match=r"the ledger has labels of its own"):
        run(tmp_path / "both", ledger, cases)
    with pytest.raises(InputError, match=r"has labels of its own \(the cases in cases\.csv\), and --inject 7"):
        run(tmp_path / "injected", ledger.drop(columns=["label", "kind"]), cases, "--inject", "7")


def test_few_labels_end_the_job_with_what_needs_none(tmp_path: Path, ledger: pd.DataFrame) -> None:
    one = ledger[ledger["label"] == 0].iloc[0]["transaction_id"]
    with pytest.raises(InputError, match=r"leave the labels out and train isolation or combined"):
        run(tmp_path, ledger.drop(columns=["label", "kind"]), f"{HEAD}\n{one},1,,")
