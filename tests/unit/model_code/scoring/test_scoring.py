"""From a history and a new month to a review list: real rows only, each once, each with reasons."""

import hashlib
import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from model_code.container import etl, score
from model_code.errors import InputError
from model_code.etl.generate import to_csv
from model_code.etl.ready import fact_windows
from model_code.features.own import Own
from model_code.features.table import COLUMNS
from model_code.features.views import BATCH
from model_code.scoring.groups import CENTRE, FACTS, NUMBER
from model_code.scoring.scoring import rank
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB
from tests.unit.model_code.scoring.ledgers import MONTH, history, made_ready, new_month, put, scored

pytestmark = [IBIS_IS_BEHIND_DUCKDB, pytest.mark.long]


@pytest.fixture(scope="module")
def table(root: Path) -> pd.DataFrame:
    return scored(root)


def copied(root: Path, to: Path) -> Path:
    """A job's root of its own."""
    shutil.copytree(root / "processing/input", to / "processing/input")
    return to


def test_every_row_of_the_new_file_comes_back_once_and_no_other(table: pd.DataFrame, ledger: pd.DataFrame) -> None:
    assert sorted(table["transaction_id"]) == sorted(new_month(ledger)["transaction_id"])


def test_the_data_report_is_about_the_new_file_alone(root: Path) -> None:
    folder = root / "processing/output/quarantine"
    report = json.loads((folder / "data-report.json").read_bytes())
    assert (report["name"], report["rows"]["read"], report["refused"]) == ("new.csv", MONTH, None)
    assert "Data report: new.csv" in (folder / "data-report.html").read_text(encoding="utf-8")


def test_the_columns_of_the_file_come_back_as_published(table: pd.DataFrame, ledger: pd.DataFrame) -> None:
    published = pd.read_csv(io.BytesIO(to_csv(new_month(ledger))), dtype=str, keep_default_na=False)
    both = table.set_index("transaction_id").loc[published["transaction_id"]]
    for name in published.columns:
        kept = name if f"{name} (published)" not in table else f"{name} (published)"
        if name != "transaction_id":
            assert both[kept].tolist() == published[name].tolist()


def test_rows_that_stand_in_the_ledger_are_marked_and_not_raised(table: pd.DataFrame) -> None:
    assert table["status"].value_counts().to_dict() == {"new": MONTH // 2, "in the ledger": MONTH // 2}
    assert set(table[table["rank"].notna()]["status"]) == {"new"}


def test_the_budget_is_a_share_of_the_rows_that_are_new(table: pd.DataFrame) -> None:
    ranked = table[table["rank"].notna()]
    assert ranked["rank"].tolist() == [1]  # one in a hundred of 75, rounded up
    fresh = table[table["status"] == "new"]
    assert ranked["score"].iloc[0] == fresh["score"].max()


def test_a_number_is_a_budget_too_and_each_ranked_row_says_why(root: Path) -> None:
    table = scored(root, "--budget", "12")
    ranked = table[table["rank"].notna()]
    assert ranked["rank"].tolist() == list(range(1, 13))
    assert ranked["score"].is_monotonic_decreasing
    assert (ranked["reason_1"] != "").all()
    assert (table[table["rank"].isna()]["reason_1"] == "").all()


def test_features_equal_those_that_a_recomputation_of_the_whole_ledger_gives(
    root: Path, ledger: pd.DataFrame, tmp_path: Path
) -> None:
    put(tmp_path / "processing/input/ledger", "ledger.csv", to_csv(ledger))
    etl.main([], tmp_path)
    parts = [pd.read_parquet(path) for path in (tmp_path / "processing/output").rglob("*.parquet")]
    whole = pd.concat(parts).set_index("transaction_id")
    rows = pd.read_parquet(root / "processing/output/rows/rows.parquet").set_index("transaction_id")
    known = rows.index.intersection(whole.index)
    assert len(known) == MONTH  # the last month is within the period that is held back
    assert np.array_equal(rows.loc[known, list(COLUMNS)].to_numpy(), whole.loc[known, list(COLUMNS)].to_numpy())


def test_a_corrected_row_is_scored_anew_and_counts_once(
    root: Path, archive: Path, ledger: pd.DataFrame, tmp_path: Path
) -> None:
    corrected = new_month(ledger).reset_index(drop=True)
    corrected.loc[0, "amount"] = 12345.67
    made_ready(tmp_path, archive, to_csv(history(ledger)), to_csv(corrected))
    rows = pd.read_parquet(tmp_path / "processing/output/rows/rows.parquet")
    assert rows.set_index("transaction_id").loc[corrected.loc[0, "transaction_id"], "status"] == "changed"
    assert rows["status"].value_counts().to_dict() == {"new": MONTH // 2, "in the ledger": MONTH // 2 - 1, "changed": 1}
    manifest = json.loads((root / "processing/output/rows/manifest.json").read_bytes())
    assert manifest["statuses"] == {"new": MONTH // 2, "in the ledger": MONTH // 2}


def test_rows_scored_before_are_marked_and_not_raised_again(
    root: Path, archive: Path, ledger: pd.DataFrame, tmp_path: Path
) -> None:
    scored(root)
    earlier = tmp_path / "processing/input/earlier/scores.parquet"
    earlier.parent.mkdir(parents=True)
    shutil.copy(root / "processing/output/scores/scores.parquet", earlier)
    made_ready(tmp_path, archive, to_csv(history(ledger).head(2000)), to_csv(new_month(ledger)))
    table = scored(tmp_path)
    assert set(table["status"]) == {"scored before"}
    assert table["rank"].isna().all()


def test_rows_that_were_changed_after_their_step_are_refused(root: Path, tmp_path: Path) -> None:
    made = copied(root, tmp_path)
    rows = made / "processing/input/rows/rows.parquet"
    rows.write_bytes(rows.read_bytes() + b" ")
    with pytest.raises(InputError, match=r"rows\.parquet has sha256 .* it was changed"):
        score.main([], made)


def test_another_model_than_the_released_one_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATOLL_MANIFEST_SHA256", "0" * 64)
    with pytest.raises(InputError, match="this isn't the released model"):
        score.main([], root)


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ('currency = "CAD"', "The model learned from amounts in USD and these rows have amounts in CAD"),
        (
            "[[thresholds]]\neffective = 1900-01-01\namount = 3000\n",
            "learned from limits for a single purchase of 1900-01-01 10000.0, 2025-10-01 15000.0 and these rows have",
        ),
    ],
)
def test_a_mapping_that_decides_otherwise_is_refused_by_name_before_anything_is_read(
    archive: Path, tmp_path: Path, mapping: str, sentence: str
) -> None:
    same = "\n[columns]\n" + "".join(
        f'{name} = "{name}"\n'
        for name in ("transaction_id", "office", "merchant", "mcc", "amount", "transaction_date", "card")
    )
    declared = f'currency = "USD"{same}{mapping}' if "[" in mapping else mapping + same
    with pytest.raises(InputError, match=sentence):
        made_ready(tmp_path, archive, b"unread", b"unread", mapping=declared)


def test_rows_of_other_feature_code_are_refused(root: Path, tmp_path: Path) -> None:
    made = copied(root, tmp_path)
    manifest = made / "processing/input/rows/manifest.json"
    content = json.loads(manifest.read_bytes())
    manifest.write_text(json.dumps(content | {"features_sha256": "f" * 64}))
    with pytest.raises(InputError, match=f"computed by code .* and these rows' by {'f' * 64}"):
        score.main([], made)


@pytest.mark.parametrize("arguments", [["--inject", "7"], ["--view", "batch"], ["--view", "realtime"]])
def test_nothing_is_invented_among_rows_to_be_scored(arguments: list[str], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="invents no rows"):
        etl.main(["--score", *arguments], tmp_path)


@pytest.mark.parametrize("arguments", [["--budget"], ["--budget", "0"], ["--budget", "nan"], ["1"]])
def test_other_arguments_of_score_are_refused(arguments: list[str], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="takes no arguments, or --budget"):
        score.main(arguments, tmp_path)


def test_of_equal_scores_the_earlier_row_comes_first() -> None:
    scores = np.array([0.5, 0.9, 0.5, 0.9], dtype=np.float32)
    assert rank(scores, ["new", "in the ledger", "new", "changed"], 3).tolist() == [2, 0, 3, 1]


def test_facts_stand_under_the_names_of_their_windows(root: Path) -> None:
    names = [group.column(fact) for group, facts in FACTS.items() if group != CENTRE for fact in facts]
    assert names == [window.name for window in fact_windows(Own())]
    assert CENTRE.column(NUMBER) in {window.name for window in fact_windows(Own(), BATCH)}
    assert set(names) <= set(pq.read_schema(root / "processing/output/rows/rows.parquet").names)


def test_the_report_names_the_files_and_only_their_owner_may_read_them(root: Path) -> None:
    scored(root)
    folder = root / "processing/output/scores"
    report = json.loads((folder / "report.json").read_bytes())
    assert sorted(report["files"]) == ["review.xlsx", "scores.csv", "scores.parquet"]
    for name, sha256 in report["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256
    assert report["inputs"]["rows"] == report["statuses"]["new"] == MONTH // 2
    assert {sum(counts) for counts in report["inputs"]["counts"].values()} == {MONTH // 2}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert zipfile.ZipFile(folder / "review.xlsx").testzip() is None
